// The bug: a ticket is good for every room.
// Must turn red: room-tickets/ticket-is-for-one-room.

import { TICKET_CHECKS } from "./tickets.ts";

export { default, Room } from "./index.ts";

TICKET_CHECKS.forThisRoom = () => null;
