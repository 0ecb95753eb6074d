// What the worker finds in its environment: the namespace of its rooms, its secrets, and whom to call.
// Never holds a default: a value that is missing closes what it would open.

import type { Room } from "./room.ts";

/** A variable that is not set is absent on Cloudflare and null in workerd; one that is empty counts as not set. */
type Variable = string | null;

export interface Env {
  readonly ROOM: DurableObjectNamespace<Room>;
  readonly POC_TOKEN?: string;
  /** Raised by a redeploy. */
  readonly POC_VERSION?: string;
  /** Where the API is that `call` asks: scheme, host and port. */
  readonly POC_API_ORIGIN?: Variable;
  /** An address at which nobody listens, to show what comes of it; only poc sets it. */
  readonly POC_API_DESERTED?: Variable;
  /** What the API wants as a bearer token; a secret. */
  readonly POC_API_KEY?: Variable;
  /** What the app server signs its pushes with; a secret. */
  readonly POC_PUSH_SECRET?: Variable;
  /** What it signs its tickets with; a secret. */
  readonly POC_TICKET_SECRET?: Variable;
  /** Web pages that may connect, by their origins with commas between. */
  readonly POC_ALLOWED_ORIGINS?: Variable;
}
