// Verifies the app's requests; the signature covers time, nonce, method, path and body.
// Whether a nonce was used before is checked by the room.

import { isSigned } from "./signing.ts";

/** How far the app's clock may be off, and so how long a room must remember a nonce. */
export const WINDOW_SECONDS = 60;

/** The largest request body: a message of 2,000 characters fits, and no request can exhaust the memory. */
const LARGEST_BODY = 16_384;

/** The contents of a verified request. */
export interface Signed {
  readonly nonce: string;
  readonly body: string;
}

/** Returns the request's body and nonce, or the response that rejects it. */
export async function checkRequest(secret: string | undefined, request: Request): Promise<Signed | Response> {
  const url = new URL(request.url);
  const header = (name: string): string => request.headers.get(name) ?? "";
  const [timestamp, nonce] = [header("X-Timestamp"), header("X-Nonce")];
  const body = await textOf(request);
  if (body === null) return refusal(413, `the body has more than ${LARGEST_BODY} bytes`);
  const signed = ["request", timestamp, nonce, request.method, url.pathname + url.search, body].join("\n");
  if (!(await isSigned(secret, signed, header("X-Signature")))) return refusal(401, "the signature is not right");
  const seconds = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (!(seconds <= WINDOW_SECONDS)) return refusal(401, "the timestamp is stale");
  return { nonce, body };
}

/** Reads the body, which the signature covers; returns null as soon as it is too large. */
async function textOf(request: Request): Promise<string | null> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request.body ?? []) {
    bytes += part.byteLength;
    if (bytes > LARGEST_BODY) return null;
    parts.push(part);
  }
  return new TextDecoder().decode(await new Blob(parts).arrayBuffer());
}

/** What the app may push into a room: a system message, or a request that all clients reconnect. */
export type Push = { readonly say: string } | { readonly reconnect: true };

/** Returns what a body asks to push, or null if it is not valid. */
export function pushOf(body: string): Push | null {
  try {
    const { say, reconnect } = JSON.parse(body) as { say?: unknown; reconnect?: unknown };
    if (reconnect === true) return { reconnect };
    return typeof say === "string" && say !== "" ? { say } : null;
  } catch {
    return null;
  }
}

export function refusal(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
