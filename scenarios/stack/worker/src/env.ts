// What the worker finds in its environment.
// Never holds a default: a value that is missing closes what it would open.

import type { ChatRoom } from "./room.ts";

export interface Env {
  readonly ROOMS: DurableObjectNamespace<ChatRoom>;
  /** Where the app is: scheme, host and port. */
  readonly APP_ORIGIN?: string;
  /** Web pages that may connect, by their origins with commas between. */
  readonly ALLOWED_ORIGINS?: string;
  /** With it the app signs tickets. A secret, as are the next two. */
  readonly TICKET_SECRET?: string;
  /** With it the app signs its requests. */
  readonly PUSH_SECRET?: string;
  /** What a room shows the app as a bearer token. */
  readonly APP_KEY?: string;
}
