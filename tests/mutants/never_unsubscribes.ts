// The bug: a room stays subscribed after its last client has left, and is woken for each message that nobody hears.
// Must turn red: subscribed-rooms/nobody-is-woken-for-the-gone.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  override async unsubscribe(): Promise<void> {}
}
