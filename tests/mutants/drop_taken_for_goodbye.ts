// The bug: a connection that breaks is taken for a client that said goodbye.
// Must turn red: drop-while-asleep/drop-is-told-as-unclean-close.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  override async webSocketClose(socket: WebSocket, code: number, reason: string, clean: boolean): Promise<void> {
    if (code === 1006) await super.webSocketClose(socket, 1000, "", true);
    else await super.webSocketClose(socket, code, reason, clean);
  }
}
