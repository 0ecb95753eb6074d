// HMAC-SHA256 over a text, in base64url: the signature of the app server's pushes and tickets.
// Signatures are compared by `verify`, which takes constant time.

const HMAC = { name: "HMAC", hash: "SHA-256" };

/** Returns the bytes of a text in base64url without padding, or null if it is invalid. */
export function bytesOf(text: string): Uint8Array | null {
  if (!/^[\w-]+$/.test(text) || text.length % 4 === 1) return null;
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

/** Whether a signature is that of the text; false without a secret. */
export async function isSigned(secret: string | null | undefined, text: string, signature: string): Promise<boolean> {
  const shown = bytesOf(signature);
  if (!secret || shown === null) return false;
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), HMAC, false, ["verify"]);
  return crypto.subtle.verify(HMAC, key, shown, encoder.encode(text));
}
