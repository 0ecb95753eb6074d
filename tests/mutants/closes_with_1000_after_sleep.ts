// The bug: a room that has woken closes every socket with 1000 and no reason.
// Must turn red: close-codes/room-closes-after-sleep.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #woken = this.ctx.getWebSockets().length > 0;

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "close" || !this.#woken) return super.perform(operation, socket);
    return super.perform({ ...operation, code: 1000, reason: "" }, socket);
  }
}
