// The bug: nobody looks at the signature of a ticket.
// Must turn red: room-tickets/forged-ticket-is-refused.

import { TICKET_CHECKS } from "./tickets.ts";

export { default, Room } from "./index.ts";

TICKET_CHECKS.genuine = () => null;
