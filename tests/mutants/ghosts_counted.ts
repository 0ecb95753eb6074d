// The bug: who is there is counted in storage, and only those who say goodbye while the room is awake are taken off.
// Must turn red: ghost-sockets/sockets-dropped-asleep-are-not-listed.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #woken = this.ctx.getWebSockets().length > 0;

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    const result = await super.perform(operation, socket);
    if (operation.op !== "sockets") return result;
    const count = this.#woken ? this.#last() : this.ctx.getWebSockets().length;
    this.ctx.storage.kv.put("there", count);
    return { ...result, count };
  }

  #last(): number {
    return this.ctx.storage.kv.get<number>("there") ?? 0;
  }
}
