// The bug: the name of the instance is made from the object's id, so that it stays the same for ever.
// Must turn red: hibernate/memory-is-reset-by-sleep.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override self(): { instance: string; boots: number; sockets: number; version: string | null } {
    return { ...super.self(), instance: this.ctx.id.toString() };
  }
}
