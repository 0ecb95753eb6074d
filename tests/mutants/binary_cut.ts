// The bug: binary messages of a room that has not slept end at 65,535 bytes, the most that two bytes can count.
// Must turn red: frames/room-sends-binary.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

const MOST = 0xffff;

export class Room extends Real {
  readonly #woken = this.ctx.getWebSockets().length > 0;

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "binary" || this.#woken) return super.perform(operation, socket);
    this.socketOf(socket).send(new Uint8Array(MOST));
    return { bytes: MOST };
  }
}
