// Pushes: messages of an app server to a room, by a signed request that is valid for one room and one minute.
// Only the room knows whether a nonce was used before.

import { useOnce } from "./once.ts";
import { refused, type Refusal } from "./refusals.ts";
import { isSigned } from "./signing.ts";

/** How far the clocks of app and worker may differ, and so how long a request is valid. */
const WINDOW_SECONDS = 60;

/** Much longer than any push: the body is read before its signature is checked. */
const MOST_BODY_BYTES = 64 << 10;

export interface Push {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  /** Seconds since 1970, as text. */
  readonly timestamp: string;
  readonly nonce: string;
  readonly signature: string;
  readonly body: string;
}

type Check = (push: Push, secret: string | null | undefined) => Promise<Refusal | null> | Refusal | null;

export function isPush(url: URL): boolean {
  return /^\/room\/[^/]+\/push$/.test(url.pathname);
}

/** Returns the parts of a request that are signed, with its body. */
export async function pushOf(request: Request): Promise<Push> {
  const { pathname, search } = new URL(request.url);
  const header = (name: string): string => request.headers.get(`X-Poc-${name}`) ?? "";
  return {
    method: request.method,
    path: pathname + search,
    timestamp: header("Timestamp"),
    nonce: header("Nonce"),
    signature: header("Signature"),
    body: await request.text(),
  };
}

/** The Worker's checks of a push, in this order. */
export const PUSH_CHECKS: Record<"signed" | "fresh", Check> = {
  signed: async ({ method, path, timestamp, nonce, signature, body }, secret) => {
    // The body comes last, because nothing before it can contain a line break.
    const text = ["push", method, path, timestamp, nonce, body].join("\n");
    const isWhole = /^[\w-]{16,64}$/.test(nonce) && (await isSigned(secret, text, signature));
    return isWhole ? null : { status: 401, error: "not_signed", message: "the push is not signed, or not by this app" };
  },

  fresh: ({ timestamp }) => {
    const isFresh = /^\d{1,12}$/.test(timestamp) && Math.abs(Date.now() / 1_000 - Number(timestamp)) <= WINDOW_SECONDS;
    const message = `the push was signed more than ${WINDOW_SECONDS} s ago, or is yet to be`;
    return isFresh ? null : { status: 401, error: "stale", message };
  },
};

/** Returns why the Worker refuses a push, or null. The request can still be read afterwards. */
export async function checkPush(request: Request, secret: string | null | undefined): Promise<Refusal | null> {
  if (!(Number(request.headers.get("Content-Length") ?? "none") <= MOST_BODY_BYTES)) {
    return { status: 413, error: "too_large", message: `a push says its length, at most ${MOST_BODY_BYTES} bytes` };
  }
  const push = await pushOf(request.clone());
  for (const check of [PUSH_CHECKS.signed, PUSH_CHECKS.fresh]) {
    const refusal = await check(push, secret);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** Uses the nonce of a push; returns whether it was new. */
export function isNew({ nonce, timestamp }: Push, sql: SqlStorage): boolean {
  return useOnce(sql, `push ${nonce}`, Number(timestamp) + WINDOW_SECONDS);
}

export const REPLAYED: Refusal = { status: 409, error: "replayed", message: "the room has had this push already" };

/** Returns the text of a push, or the response to an invalid one. */
export function textOf({ body }: Push): string | Response {
  try {
    const { text } = JSON.parse(body) as { readonly text?: unknown };
    if (typeof text === "string") return text;
  } catch {
    // invalid JSON, or null, is refused like any other
  }
  return refused({ status: 400, error: "bad_field", message: '"text" must be a string' });
}
