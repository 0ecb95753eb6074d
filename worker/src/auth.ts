// Authorization by one bearer token from the environment, compared in constant time.
// A token in a URL is not accepted, because URLs end up in logs, traces and histories.

const SUBPROTOCOL_PREFIX = "poc.bearer.";

/** The token of a request, and the subprotocol to echo if a browser sent it that way. */
interface Credential {
  readonly token: string;
  readonly subprotocol: string | null;
}

/** Returns the first offered subprotocol with a prefix, or null. */
export function offered(request: Request, prefix: string): string | null {
  const names = request.headers.get("Sec-WebSocket-Protocol")?.split(",") ?? [];
  return names.map((name) => name.trim()).find((name) => name.startsWith(prefix)) ?? null;
}

function credentialOf(request: Request): Credential | null {
  const authorization = request.headers.get("Authorization");
  if (authorization?.startsWith("Bearer ")) {
    return { token: authorization.slice("Bearer ".length), subprotocol: null };
  }
  // A browser cannot set headers on a WebSocket, but it can offer subprotocols.
  const bearer = offered(request, SUBPROTOCOL_PREFIX);
  if (bearer === null) return null;
  return { token: bearer.slice(SUBPROTOCOL_PREFIX.length), subprotocol: bearer };
}

/** Compares digests, so that the time taken reveals neither the length nor the first difference. */
async function equalInConstantTime(left: string, right: string): Promise<boolean> {
  const encoder = new TextEncoder();
  const [leftDigest, rightDigest] = await Promise.all([
    crypto.subtle.digest("SHA-256", encoder.encode(left)),
    crypto.subtle.digest("SHA-256", encoder.encode(right)),
  ]);
  return crypto.subtle.timingSafeEqual(leftDigest, rightDigest);
}

/**
 * Returns the credential of a request with the right token, else null.
 * A worker without a token in its environment accepts no request.
 */
export async function authenticate(request: Request, expected: string | undefined): Promise<Credential | null> {
  if (!expected) return null;
  const credential = credentialOf(request);
  if (credential === null) return null;
  return (await equalInConstantTime(credential.token, expected)) ? credential : null;
}
