// The bug: each client is given a promise to wait for that nothing ever settles, and so the room never leaves memory.
// Must turn red: the claims of lifecycle/ that a room sleeps, naming waitUntil.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override acceptHibernatable(socket: WebSocket, name: string, tags?: readonly string[]): void {
    super.acceptHibernatable(socket, name, tags);
    this.ctx.waitUntil(new Promise(() => {}));
  }
}
