// The bug: a socket's own tags are kept in a field when it joins, and are empty after a wake.
// Must turn red: tags/own-tags-survive-sleep.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #tags = new Map<WebSocket, readonly string[]>();

  protected override acceptHibernatable(socket: WebSocket, name: string, tags: readonly string[] = []): void {
    super.acceptHibernatable(socket, name, tags);
    this.#tags.set(socket, [`name:${name}`, ...tags]);
  }

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "tags") return super.perform(operation, socket);
    return { tags: this.#tags.get(this.socketOf(socket)) ?? [] };
  }
}
