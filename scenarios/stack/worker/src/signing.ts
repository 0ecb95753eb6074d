// HMAC-SHA256 over a text, with WebCrypto, which is the same in Node; the app's side is app/lib/signing.ts.
// Never compares signatures itself: `verify` takes constant time.

const encoder = new TextEncoder();

/** Whether the signature, in base64url, is that of the text. Without a secret none is. */
export async function isSigned(secret: string | undefined, text: string, signature: string): Promise<boolean> {
  if (!secret) return false;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["verify"]);
  const bytes = bytesOf(signature);
  return bytes !== null && crypto.subtle.verify("HMAC", key, bytes, encoder.encode(text));
}

/** Decodes base64url, and gives null where a text is none. */
export function bytesOf(base64url: string): Uint8Array | null {
  if (!/^[\w-]*$/.test(base64url)) return null;
  try {
    return Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
  } catch {
    return null;
  }
}
