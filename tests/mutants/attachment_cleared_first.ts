// The bug: the room clears what a socket carries before it sets something new, so that a refusal leaves nothing.
// Must turn red: attachment-limits/refused-attachment-keeps-the-former.

import type { Operation } from "./messages.ts";
import { Room as Real, type Attachment } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (socket !== null && operation.op === "attach_bytes") {
      const name = this.attachmentOf(socket)?.name ?? "";
      socket.serializeAttachment({ name, data: null } satisfies Attachment);
    }
    return super.perform(operation, socket);
  }
}
