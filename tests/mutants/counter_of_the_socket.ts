// The bug: the count is kept in the attachment of the socket, which a sleep does not touch.
// Must turn red: two-apis/hibernating-room-loses-its-memory.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "count") return super.perform(operation, socket);
    const own = this.socketOf(socket);
    const attachment = own.deserializeAttachment() as { count?: number };
    const count = (attachment.count ?? 0) + 1;
    own.serializeAttachment({ ...attachment, count });
    return { count };
  }
}
