// The bug: what belongs to a connection is kept by the client's name, so that whoever comes under it next has it too.
// Must turn red: crash-state/attachments-end-in-crash and its like after the other faults.

import type { Operation } from "./messages.ts";
import { Room as Real, type Attachment } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override acceptHibernatable(socket: WebSocket, name: string, tags: readonly string[] = []): void {
    super.acceptHibernatable(socket, name, tags);
    const data = this.ctx.storage.kv.get(`attachment:${name}`) ?? null;
    socket.serializeAttachment({ name, data } satisfies Attachment);
  }

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op === "attach" && socket !== null) {
      this.ctx.storage.kv.put(`attachment:${this.attachmentOf(socket)?.name ?? ""}`, operation.data);
    }
    return super.perform(operation, socket);
  }
}
