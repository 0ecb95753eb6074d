// The bug: who is connected is counted in storage, and sockets that end without an event stay counted for good.
// Must turn red: wake-is-not-restart/restart-finds-none.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

const KEY = "roster";

export class Room extends Real {
  protected override acceptHibernatable(socket: WebSocket, name: string, tags?: readonly string[]): void {
    super.acceptHibernatable(socket, name, tags);
    this.#count(1);
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string, clean: boolean): Promise<void> {
    this.#count(-1);
    await super.webSocketClose(socket, code, reason, clean);
  }

  protected override self(): ReturnType<Real["self"]> {
    return { ...super.self(), sockets: this.#counted() };
  }

  #count(more: number): void {
    this.ctx.storage.kv.put(KEY, this.#counted() + more);
  }

  #counted(): number {
    return this.ctx.storage.kv.get<number>(KEY) ?? 0;
  }
}
