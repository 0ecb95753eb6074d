// The bug: each answer is sent twice, as if a message were handled by two listeners.
// Must turn red: echo/each-message-once.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override send(socket: WebSocket, message: object): void {
    super.send(socket, message);
    super.send(socket, message);
  }
}
