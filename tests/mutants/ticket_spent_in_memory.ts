// The bug: the room keeps in a field which tickets were used.
// Must turn red: room-tickets/spent-ticket-stays-spent.

import { refused } from "./refusals.ts";
import { Room as Real } from "./room.ts";
import { ticketOffered, USED } from "./tickets.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #used = new Set<string>();

  override async fetch(request: Request): Promise<Response> {
    const ticket = ticketOffered(request);
    if (ticket === null) return super.fetch(request);
    if (this.#used.has(ticket)) return refused(USED);
    this.#used.add(ticket);
    const changed = new Request(request);
    changed.headers.delete("Sec-WebSocket-Protocol");
    return super.fetch(changed);
  }
}
