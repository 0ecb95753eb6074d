// HMAC-SHA256 of a text, with WebCrypto; the app's counterpart is app/lib/signing.ts.
// Signatures are compared by `verify`, in constant time.

const encoder = new TextEncoder();

/** Returns whether a base64url signature matches the text. Without a secret, none does. */
export async function isSigned(secret: string | undefined, text: string, signature: string): Promise<boolean> {
  if (!secret) return false;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["verify"]);
  const bytes = bytesOf(signature);
  return bytes !== null && crypto.subtle.verify("HMAC", key, bytes, encoder.encode(text));
}

/** Decodes base64url; returns null if the text is not valid. */
export function bytesOf(base64url: string): Uint8Array | null {
  if (!/^[\w-]*$/.test(base64url)) return null;
  try {
    return Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
  } catch {
    return null;
  }
}
