// The environment of the worker: the namespace of its rooms, its secrets, and the addresses to call.
// There are no defaults: without a value, what it enables is off.

import type { Room } from "./room.ts";

/** An unset variable is absent on Cloudflare and null in workerd; an empty one counts as unset. */
type Variable = string | null;

export interface Env {
  readonly ROOM: DurableObjectNamespace<Room>;
  readonly POC_TOKEN?: string;
  /** Incremented by a redeploy. */
  readonly POC_VERSION?: string;
  /** Where the API is that `call` asks: scheme, host and port. */
  readonly POC_API_ORIGIN?: Variable;
  /** An address at which nobody listens, to show what comes of it; only poc sets it. */
  readonly POC_API_DESERTED?: Variable;
  /** What the API wants as a bearer token; a secret. */
  readonly POC_API_KEY?: Variable;
  /** The secret with which the app server signs pushes. */
  readonly POC_PUSH_SECRET?: Variable;
  /** The secret with which it signs tickets. */
  readonly POC_TICKET_SECRET?: Variable;
  /** Origins of web pages that may connect, separated by commas. */
  readonly POC_ALLOWED_ORIGINS?: Variable;
}
