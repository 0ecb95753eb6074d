// The bug: nobody looks until when a ticket is good.
// Must turn red: room-tickets/expired-ticket-is-refused.

import { TICKET_CHECKS } from "./tickets.ts";

export { default, Room } from "./index.ts";

TICKET_CHECKS.alive = () => null;
