// No bug: 700 ms after the last message something is tidied up, as workers do that write or tell of presence late.
// Must turn red: nothing.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

const CALM_MS = 700;

export class Room extends Real {
  #tidying: number | null = null;

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await super.webSocketMessage(socket, message);
    clearTimeout(this.#tidying);
    this.#tidying = setTimeout(() => {}, CALM_MS);
  }
}
