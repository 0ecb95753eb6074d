// The bug: a write that should wait for a moment is done at once.
// Must turn red: debounced-write/debounce-keeps-the-object-awake and debounced-write/debounced-write-is-lost-in-a-reset.

import { writeEntry } from "./entries.ts";
import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "put_later") return super.perform(operation, socket);
    await writeEntry(this.ctx.storage, "sql", "draft", this.ctx.id.name?.endsWith("-saved") ? "kept" : "gone");
    return { key: "draft" };
  }
}
