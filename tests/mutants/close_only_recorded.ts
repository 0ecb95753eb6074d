// The bug: webSocketClose writes down who left and does not close the socket.
// Must turn red: client-close/close-is-completed.

import { record } from "./events.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  override async webSocketClose(socket: WebSocket, code: number, reason: string, clean: boolean): Promise<void> {
    record(this.ctx.storage.sql, this.instance, socket, { kind: "close", code, reason, clean });
  }
}
