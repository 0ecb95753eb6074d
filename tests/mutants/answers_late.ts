// The bug: an answer that was not acknowledged is sent again, after the next one.
// Must turn red: echo/messages-in-order, and with it echo/each-message-once.

import { Room as Real, type Reply } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  #before: Reply | null = null;

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const reply = await this.answer(message, socket);
    if (reply === null) return;
    this.send(socket, reply);
    if (this.#before !== null) this.send(socket, this.#before);
    this.#before = reply;
  }
}
