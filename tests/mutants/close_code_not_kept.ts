// The bug: every close is kept as a normal one, whatever the client said.
// Must turn red: client-close/code-and-reason-reach-the-handler and client-close/code-and-reason-reach-a-sleeping-room.

import { record } from "./events.ts";
import { legalCloseCode } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  override async webSocketClose(socket: WebSocket, code: number, reason: string, clean: boolean): Promise<void> {
    socket.close(legalCloseCode(code), reason);
    record(this.ctx.storage.sql, this.instance, socket, { kind: "close", code: 1000, reason: "", clean });
  }
}
