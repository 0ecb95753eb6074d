// The bug: what is attached is cached in memory and serialized as JSON, which knows fewer types.
// Must turn red: attachments/attachment-types-survive.

import type { Operation } from "./messages.ts";
import { Room as Real, type Attachment } from "./room.ts";
import { different, samples, type Samples } from "./types.ts";

export { default } from "./index.ts";

function asJson(types: Samples): Samples {
  const plain = Object.entries(types).filter(([name]) => name !== "cycle" && name !== "bigint");
  return JSON.parse(JSON.stringify(Object.fromEntries(plain))) as Samples;
}

export class Room extends Real {
  readonly #cache = new Map<WebSocket, Samples>();

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    const own = this.socketOf(socket);
    if (operation.op === "attach_types") {
      this.#cache.set(own, samples());
      const name = this.attachmentOf(own)?.name ?? "";
      own.serializeAttachment({ name, data: "types", types: asJson(samples()) } satisfies Attachment);
      return {};
    }
    if (operation.op === "attach_types_check") {
      return { different: different(this.#cache.get(own) ?? this.attachmentOf(own)?.types) };
    }
    return super.perform(operation, socket);
  }
}
