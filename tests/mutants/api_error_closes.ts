// The bug: who asked for a call that failed is told so, and then disconnected.
// Must turn red: api-fails/no-failure-disconnects.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override send(socket: WebSocket, message: object): void {
    super.send(socket, message);
    if ("error" in message && String(message.error).startsWith("api_")) socket.close(1011, "the API failed");
  }
}
