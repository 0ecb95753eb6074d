// The bug: a tag finds also the sockets whose tag only begins with it.
// Must turn red: tags/tags-filter-the-sockets.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "tagged") return super.perform(operation, socket);
    const fits = (each: WebSocket): boolean => this.ctx.getTags(each).some((tag) => tag.startsWith(operation.tag));
    return { tagged: this.ctx.getWebSockets().filter(fits).length };
  }
}
