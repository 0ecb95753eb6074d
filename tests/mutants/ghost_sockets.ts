// The bug: the room counts its clients in storage, and only those that say goodbye are taken off.
// Must turn red: network-drop/no-ghosts-after-a-drop.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override acceptHibernatable(socket: WebSocket, name: string): void {
    super.acceptHibernatable(socket, name);
    this.ctx.storage.kv.put("clients", this.#clients() + 1);
  }

  protected override self(): { instance: string; boots: number; sockets: number; version: string | null } {
    return { ...super.self(), sockets: this.#clients() };
  }

  #clients(): number {
    return this.ctx.storage.kv.get<number>("clients") ?? 0;
  }
}
