// Pushes a system message into a room, asleep or not, or asks all its clients to reconnect.

import { fieldsOf, refusal } from "../../../lib/answers";
import { roomOf, userOf } from "../../../lib/login";
import { announce, askToReconnect } from "../../../lib/worker";

export async function POST(request: Request): Promise<Response> {
  const fields = await fieldsOf(request);
  const [room, text] = [roomOf(fields), fields["text"]];
  if (userOf(fields) === null) return refusal(401, "say who you are");
  if (room === null) return refusal(400, "say which room");
  try {
    if (fields["reconnect"] === true) return Response.json(await askToReconnect(room));
    if (typeof text !== "string" || text === "") return refusal(400, '"text" must say something');
    return Response.json(await announce(room, text));
  } catch {
    return refusal(502, "the room does not answer");
  }
}
