// The bug: how many sockets have a tag is counted in storage, and not taken off when one of them closes.
// Must turn red: tags/closed-sockets-lose-their-tags.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override acceptHibernatable(socket: WebSocket, name: string, tags: readonly string[] = []): void {
    super.acceptHibernatable(socket, name, tags);
    for (const tag of tags) this.ctx.storage.kv.put(`tag:${tag}`, this.#counted(tag) + 1);
  }

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    return operation.op === "tagged" ? { tagged: this.#counted(operation.tag) } : super.perform(operation, socket);
  }

  #counted(tag: string): number {
    return this.ctx.storage.kv.get<number>(`tag:${tag}`) ?? 0;
  }
}
