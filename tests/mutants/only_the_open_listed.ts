// The bug: sockets that are closing are taken for gone.
// Must turn red: ghost-sockets/closing-sockets-are-listed.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    const result = await super.perform(operation, socket);
    if (operation.op !== "sockets") return result;
    const open = this.ctx.getWebSockets().filter((each) => each.readyState === WebSocket.OPEN).length;
    return { count: open, by_state: { connecting: 0, open, closing: 0, closed: 0 } };
  }
}
