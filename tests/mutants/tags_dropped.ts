// The bug: the tags of a socket are kept in a Map that is filled when a client joins, and not given to the runtime.
// Must turn red: hibernate/tags-survive-sleep.

import type { Operation } from "./messages.ts";
import { Room as Real, type Attachment } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #tagged = new Map<string, Set<WebSocket>>();

  protected override acceptHibernatable(socket: WebSocket, name: string): void {
    this.ctx.acceptWebSocket(socket);
    socket.serializeAttachment({ name, data: null } satisfies Attachment);
    const tag = `name:${name}`;
    this.#tagged.set(tag, (this.#tagged.get(tag) ?? new Set()).add(socket));
  }

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "tagged") return super.perform(operation, socket);
    return { tagged: this.#tagged.get(operation.tag)?.size ?? 0 };
  }
}
