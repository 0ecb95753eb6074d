// The bug: reasons are cut at a hundred characters, to be on the safe side.
// Must turn red: close-codes/reason-of-123-bytes-fits, and with it that 124 are refused.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "close") return super.perform(operation, socket);
    return super.perform({ ...operation, reason: operation.reason.slice(0, 100) }, socket);
  }
}
