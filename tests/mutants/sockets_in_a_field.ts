// The bug: who is connected is kept in a field of the object, which is empty after a wake.
// Must turn red: wake-is-not-restart/wake-finds-the-sockets.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #sockets = new Set<WebSocket>();

  protected override acceptHibernatable(socket: WebSocket, name: string, tags?: readonly string[]): void {
    super.acceptHibernatable(socket, name, tags);
    this.#sockets.add(socket);
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string, clean: boolean): Promise<void> {
    this.#sockets.delete(socket);
    await super.webSocketClose(socket, code, reason, clean);
  }

  protected override self(): ReturnType<Real["self"]> {
    return { ...super.self(), sockets: this.#sockets.size };
  }
}
