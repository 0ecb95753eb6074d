// The bug: the first reply after a wake still goes out, and a moment later all sockets are closed as left-overs.
// Must turn red: hibernate/sockets-survive-sleep and resume/message-wakes-the-room.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

/** After what a story reads of a room that has woken. */
const LATER_MS = 250;

export class Room extends Real {
  #woken = this.ctx.getWebSockets().length > 0;

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await super.webSocketMessage(socket, message);
    if (!this.#woken) return;
    this.#woken = false;
    setTimeout(() => {
      for (const each of this.ctx.getWebSockets()) each.close(1012, "restarted");
    }, LATER_MS);
  }
}
