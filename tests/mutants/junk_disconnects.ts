// The bug: who has sent fifty frames of junk is disconnected, as a guard against a flood.
// Must turn red: junk/junk-disconnects-nobody.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #refusals = new Map<WebSocket, number>();

  protected override send(socket: WebSocket, message: object): void {
    super.send(socket, message);
    if (!("error" in message)) return;
    const refusals = (this.#refusals.get(socket) ?? 0) + 1;
    this.#refusals.set(socket, refusals);
    if (refusals === 50) socket.close(1008, "too much junk");
  }
}
