// The bug: the alarm handler sends to the sockets that it remembers in memory, which after a wake are none.
// Must turn red: alarm/alarm-reaches-the-clients.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #remembered = new Set<WebSocket>();

  protected override acceptHibernatable(socket: WebSocket, name: string): void {
    super.acceptHibernatable(socket, name);
    this.#remembered.add(socket);
  }

  override async alarm(): Promise<void> {
    for (const socket of this.#remembered) this.send(socket, { event: "alarm", ...this.self() });
  }
}
