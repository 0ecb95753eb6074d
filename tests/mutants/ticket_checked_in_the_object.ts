// The bug: the Worker passes on who shows a ticket, and it is the object that looks at it.
// Must turn red: room-tickets/refused-ticket-does-not-wake-the-room.

import type { Env } from "./env.ts";
import strict from "./index.ts";
import { refused } from "./refusals.ts";
import { Room as Real } from "./room.ts";
import { checkTicket, ticketOffered } from "./tickets.ts";

function roomOf(request: Request): string {
  return new URL(request.url).pathname.split("/")[2] ?? "";
}

export class Room extends Real {
  override async fetch(request: Request): Promise<Response> {
    const ticket = ticketOffered(request);
    const secret = this.env.POC_TICKET_SECRET;
    const refusal = ticket === null ? null : await checkTicket(ticket, roomOf(request), secret);
    return refusal === null ? super.fetch(request) : refused(refusal);
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    const ticket = ticketOffered(request);
    if (ticket === null) return strict.fetch(request, env);
    const { status, webSocket } = await env.ROOM.get(env.ROOM.idFromName(roomOf(request))).fetch(request);
    const headers = new Headers(webSocket === null ? {} : { "Sec-WebSocket-Protocol": ticket });
    return new Response(null, { status, webSocket, headers });
  },
} satisfies ExportedHandler<Env>;
