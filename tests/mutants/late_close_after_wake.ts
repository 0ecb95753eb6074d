// The bug: a room that has woken answers what it is asked, and once nobody asks for a moment all sockets are closed as
// left-overs.
// Must turn red: resume/message-wakes-the-room, and whatever looks at its connections a moment after the wake.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

/** Counted from the last message, so that a story on a slow machine reads what it reads before it. */
const LATER_MS = 250;

export class Room extends Real {
  readonly #woken = this.ctx.getWebSockets().length > 0;
  #closing: number | null = null;

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (this.#woken) {
      clearTimeout(this.#closing);
      this.#closing = setTimeout(() => {
        for (const each of this.ctx.getWebSockets()) each.close(1012, "restarted");
      }, LATER_MS);
    }
    await super.webSocketMessage(socket, message);
  }
}
