// The bug: at the first message after a wake the room finds its sessions gone and ends itself.
// Must turn red: hibernate/sockets-survive-sleep and resume/message-wakes-the-room.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #woken = this.ctx.getWebSockets().length > 0;

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (this.#woken) this.ctx.abort("a socket without a session");
    await super.webSocketMessage(socket, message);
  }
}
