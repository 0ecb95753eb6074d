// The bug: webSocketClose does not close the socket, so the client never gets a close frame back.
// Must turn red: connect/close-is-answered.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  override async webSocketClose(): Promise<void> {
    // The runtime does not answer on its own, on any compatibility date.
  }
}
