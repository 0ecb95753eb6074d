// Pushes: what an app server elsewhere says into a room by a request that it has signed, for one room and one minute.
// Never sees whether a nonce came before; only the room knows.

import { useOnce } from "./once.ts";
import { refused, type Refusal } from "./refusals.ts";
import { isSigned } from "./signing.ts";

/** How far the clocks of app and worker may differ, and so how long a request is good. */
const WINDOW_SECONDS = 60;

/** Far more than is said at once: the body is read before anybody is known to have signed it. */
const MOST_BODY_BYTES = 64 << 10;

export interface Push {
  readonly method: string;
  /** With the query, as it was asked for. */
  readonly path: string;
  /** Seconds since 1970, as a text. */
  readonly timestamp: string;
  readonly nonce: string;
  readonly signature: string;
  readonly body: string;
}

type Check = (push: Push, secret: string | null | undefined) => Promise<Refusal | null> | Refusal | null;

export function isPush(url: URL): boolean {
  return /^\/room\/[^/]+\/push$/.test(url.pathname);
}

/** Gives what a request says of itself, with its body. */
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

/** What the Worker asks of a push, in this order. */
export const PUSH_CHECKS: Record<"signed" | "fresh", Check> = {
  signed: async ({ method, path, timestamp, nonce, signature, body }, secret) => {
    // The body comes last: nothing before it can hold a line break.
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

/** Gives why a push goes no further than the Worker, or null. Leaves the request to be read again. */
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

/** Whether the room has not had this push yet, by its nonce; it has from now on. */
export function isNew({ nonce, timestamp }: Push, sql: SqlStorage): boolean {
  return useOnce(sql, `push ${nonce}`, Number(timestamp) + WINDOW_SECONDS);
}

export const REPLAYED: Refusal = { status: 409, error: "replayed", message: "the room has had this push already" };

/** Gives the text that a push wants said, or the answer to one that wants nothing. */
export function textOf({ body }: Push): string | Response {
  try {
    const { text } = JSON.parse(body) as { readonly text?: unknown };
    if (typeof text === "string") return text;
  } catch {
    // what is no JSON, or null, is refused as any other
  }
  return refused({ status: 400, error: "bad_field", message: '"text" must be a string' });
}
