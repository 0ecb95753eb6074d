// The worker's environment.
// There are no defaults: without a value, what it would allow is denied.

import type { ChatRoom } from "./room.ts";

export interface Env {
  readonly ROOMS: DurableObjectNamespace<ChatRoom>;
  /** The app's origin: scheme, host and port. */
  readonly APP_ORIGIN?: string;
  /** The origins of pages that may connect, separated by commas. */
  readonly ALLOWED_ORIGINS?: string;
  /** The app's key for signing tickets. A secret, like the next two. */
  readonly TICKET_SECRET?: string;
  /** The app's key for signing requests. */
  readonly PUSH_SECRET?: string;
  /** The bearer token of rooms for the app's API. */
  readonly APP_KEY?: string;
}
