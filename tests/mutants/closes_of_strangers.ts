// The bug: the room answers and records only closes of sockets that it remembers in a field, which a sleep empties.
// Must turn red: first-event/close-may-come-first and first-event/break-may-come-first.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #known = new Set<WebSocket>();

  protected override acceptHibernatable(socket: WebSocket, name: string, tags?: readonly string[]): void {
    super.acceptHibernatable(socket, name, tags);
    this.#known.add(socket);
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string, clean: boolean): Promise<void> {
    if (this.#known.has(socket)) await super.webSocketClose(socket, code, reason, clean);
  }
}
