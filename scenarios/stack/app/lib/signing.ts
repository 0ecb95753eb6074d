// HMAC-SHA256 of a text, in base64url; the worker's counterpart is worker/src/signing.ts.
// The callers decide what is signed.

import { createHmac, timingSafeEqual } from "node:crypto";

export function sign(secret: string, text: string): string {
  return createHmac("sha256", secret).update(text).digest("base64url");
}

/** Compares two texts in constant time. */
export function isSame(left: string, right: string): boolean {
  const [one, other] = [left, right].map((text) => createHmac("sha256", "compare").update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
