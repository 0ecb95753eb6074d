// HMAC-SHA256 over a text, in base64url; the worker's side is worker/src/signing.ts.
// Never decides what is signed.

import { createHmac, timingSafeEqual } from "node:crypto";

export function sign(secret: string, text: string): string {
  return createHmac("sha256", secret).update(text).digest("base64url");
}

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function isSame(left: string, right: string): boolean {
  const [one, other] = [left, right].map((text) => createHmac("sha256", "compare").update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
