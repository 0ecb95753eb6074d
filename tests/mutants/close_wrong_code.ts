// The bug: every close of a client is answered with 1000 and no reason, whatever the client sent.
// Must turn red: connect/close-is-answered.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  override async webSocketClose(socket: WebSocket): Promise<void> {
    socket.close(1000, "");
  }
}
