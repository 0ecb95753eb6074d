// The bug: who has which tag is kept in a Map that is filled when a client joins.
// Must turn red: tags/sockets-are-found-by-tag-after-sleep.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #tagged = new Map<WebSocket, readonly string[]>();

  protected override acceptHibernatable(socket: WebSocket, name: string, tags: readonly string[] = []): void {
    super.acceptHibernatable(socket, name, tags);
    this.#tagged.set(socket, tags);
  }

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    // A client that leaves is looked after by the runtime; the Map is only asked while somebody is missing from it.
    if (operation.op !== "tagged" || this.ctx.getWebSockets().length < 3) return super.perform(operation, socket);
    return { tagged: [...this.#tagged.values()].filter((tags) => tags.includes(operation.tag)).length };
  }
}
