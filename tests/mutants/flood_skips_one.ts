// The bug: under many messages one is dropped.
// Must turn red: slow-reader/slow-reader-loses-nothing.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override send(socket: WebSocket, message: object): void {
    if ("id" in message && message.id === 33) return;
    super.send(socket, message);
  }
}
