// The bug: attachments above 2,048 bytes, the limit of former times, are kept in a Map instead.
// Must turn red: attachments/attachment-of-full-size-survives.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #lengths = new Map<WebSocket, number>();

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    const own = this.socketOf(socket);
    if (operation.op === "attach_length") return { length: this.#lengths.get(own) ?? null };
    const before: unknown = own.deserializeAttachment();
    const result = await super.perform(operation, socket);
    if (operation.op === "attach_bytes" && result !== null && "length" in result) {
      this.#lengths.set(own, Number(result.length));
      own.serializeAttachment(before);
    }
    return result;
  }
}
