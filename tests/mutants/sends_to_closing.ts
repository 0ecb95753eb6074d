// The bug: a broadcast goes to every socket that the runtime lists, also to those that are closing.
// Must turn red: ghost-sockets/closing-sockets-are-skipped.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override toAll(message: object): number {
    for (const socket of this.ctx.getWebSockets()) this.send(socket, message);
    return this.ctx.getWebSockets().length;
  }
}
