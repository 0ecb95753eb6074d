// The bug: the room tidies up when a client goes, and takes what others still need: all that was stored.
// Must turn red: drop-state/rows-survive-a-drop and drop-state/kv-survives-a-drop.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  override async webSocketClose(socket: WebSocket, code: number, reason: string, clean: boolean): Promise<void> {
    await super.webSocketClose(socket, code, reason, clean);
    this.ctx.storage.sql.exec("DELETE FROM entries");
    for (const [key] of this.ctx.storage.kv.list()) if (/^(kv|put):/.test(key)) this.ctx.storage.kv.delete(key);
  }
}
