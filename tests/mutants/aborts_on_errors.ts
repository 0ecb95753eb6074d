// The bug: whatever goes wrong anywhere makes the room reset itself, to be on the safe side.
// Must turn red: the claims of uncaught.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    switch (operation.op) {
      case "throw":
        this.ctx.abort("an error in a handler");
        return null;
      case "throw_later":
        setTimeout(() => this.ctx.abort("an error in a timer"), 1);
        return {};
      case "reject":
        setTimeout(() => this.ctx.abort("an unhandled rejection"), 1);
        return {};
      default:
        return super.perform(operation, socket);
    }
  }
}
