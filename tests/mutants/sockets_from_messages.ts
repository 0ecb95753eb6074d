// The bug: the room learns which sockets it has from their messages, so that after a sleep any other first event finds none.
// Must turn red: subscribed-rooms/rpc-wakes-a-sleeping-subscriber, first-event/alarm-may-come-first and
// first-event/request-may-come-first.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #known = new Set<WebSocket>();

  protected override acceptHibernatable(socket: WebSocket, name: string, tags?: readonly string[]): void {
    super.acceptHibernatable(socket, name, tags);
    this.#known.add(socket);
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    for (const each of this.ctx.getWebSockets()) this.#known.add(each);
    await super.webSocketMessage(socket, message);
  }

  protected override toAll(message: object): number {
    const open = [...this.#known].filter((socket) => socket.readyState === WebSocket.OPEN);
    for (const socket of open) this.send(socket, message);
    return open.length;
  }
}
