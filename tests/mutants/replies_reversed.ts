// The bug: replies are collected for a moment, to be quick, and sent from the last to the first.
// Must turn red: resume/messages-come-in-order and echo/messages-in-order.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

/** Long enough for several messages of a client to be on their way, on a slow machine too. */
const COLLECTING_MS = 250;

export class Room extends Real {
  readonly #waiting: (() => void)[] = [];

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const reply = await this.answer(message, socket);
    if (reply === null) return;
    this.#waiting.push(() => this.send(socket, reply));
    if (this.#waiting.length > 1) return;
    await scheduler.wait(COLLECTING_MS);
    for (const send of this.#waiting.splice(0).reverse()) send();
  }
}
