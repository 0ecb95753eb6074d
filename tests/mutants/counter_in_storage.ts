// The bug: a counter that should start anew with each stay in memory is kept in storage.
// Must turn red: hibernate/memory-is-reset-by-sleep.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "count") return super.perform(operation, socket);
    const count = (this.ctx.storage.kv.get<number>("count") ?? 0) + 1;
    this.ctx.storage.kv.put("count", count);
    return { count };
  }
}
