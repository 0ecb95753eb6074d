// Issues a ticket for a room to a logged-in user. Pages and programs fetch one before each connection.
// A shorter lifetime than usual may be requested, a longer one may not.

import { fieldsOf, refusal } from "../../../lib/answers";
import { roomOf, userOf } from "../../../lib/login";
import { TICKET_SECONDS, ticketFor } from "../../../lib/tickets";

export async function POST(request: Request): Promise<Response> {
  const fields = await fieldsOf(request);
  const [room, user, seconds] = [roomOf(fields), userOf(fields), fields["seconds"] ?? TICKET_SECONDS];
  if (user === null) return refusal(401, "say who you are");
  if (room === null) return refusal(400, "say which room");
  if (typeof seconds !== "number" || !(seconds >= 0 && seconds <= TICKET_SECONDS)) {
    return refusal(400, `"seconds" must be 0 to ${TICKET_SECONDS}`);
  }
  return Response.json({ ticket: ticketFor(room, user, seconds) }, { headers: { "Cache-Control": "no-store" } });
}
