// The bug: a variable of the module that should start anew with the process is kept in storage.
// Must turn red: crash-state/globals-are-lost-in-crash and its like after the other faults.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "global") return super.perform(operation, socket);
    const global = (this.ctx.storage.kv.get<number>("global") ?? 0) + 1;
    this.ctx.storage.kv.put("global", global);
    return { global };
  }
}
