// The bug: what is written after a moment stays in a field of the object.
// Must turn red: debounced-write/debounced-write-survives-a-sleep.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  #draft: unknown = null;

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op === "put_later") {
      setTimeout(() => (this.#draft = "kept"), 2_500);
      return { key: "draft" };
    }
    if (operation.op === "get") return { key: operation.key, value: this.#draft };
    return super.perform(operation, socket);
  }
}
