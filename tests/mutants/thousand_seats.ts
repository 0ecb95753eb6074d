// The bug: the room has a thousand seats of its own, counted in storage, and no seat is given back at a close.
// Must turn red: full-house/full-house-fits and full-house/closing-one-frees-a-seat; with one-more-is-refused, because
// the words of the refusal are the room's.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

const SEATS = 1_000;

export class Room extends Real {
  protected override acceptHibernatable(socket: WebSocket, name: string, tags: readonly string[] = []): void {
    const taken = this.ctx.storage.kv.get<number>("taken") ?? 0;
    if (taken >= SEATS) throw new Error(`the room is full, it has ${SEATS} seats`);
    this.ctx.storage.kv.put("taken", taken + 1);
    super.acceptHibernatable(socket, name, tags);
  }
}
