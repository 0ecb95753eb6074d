// The bug: the room does not keep which tickets were used.
// Must turn red: room-tickets/ticket-admits-once and room-tickets/spent-ticket-stays-spent.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  override async fetch(request: Request): Promise<Response> {
    const changed = new Request(request);
    changed.headers.delete("Sec-WebSocket-Protocol");
    return super.fetch(changed);
  }
}
