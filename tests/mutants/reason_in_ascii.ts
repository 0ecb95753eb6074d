// The bug: reasons lose whatever is not ASCII.
// Must turn red: close-codes/code-and-reason-reach-the-client.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "close") return super.perform(operation, socket);
    return super.perform({ ...operation, reason: operation.reason.replace(/[^ -~]/g, "?") }, socket);
  }
}
