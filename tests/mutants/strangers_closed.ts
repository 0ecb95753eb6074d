// The bug: the room keeps those that have spoken in a field; what it does not know after a wake it takes for ghosts and closes.
// Must turn red: listeners/listeners-outlive-the-sleep and close-of-a-listener/other-listeners-stay.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #found = this.ctx.getWebSockets();
  readonly #spoken = new Set<WebSocket>();

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    this.#spoken.add(socket);
    await super.webSocketMessage(socket, message);
    for (const other of this.#found) {
      if (!this.#spoken.has(other) && other.readyState === WebSocket.OPEN) other.close(4009, "ghost");
    }
  }
}
