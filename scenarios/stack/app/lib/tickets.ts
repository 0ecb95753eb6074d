// Creates room tickets: who may enter which room, for half a minute and once. worker/src/tickets.ts verifies them.
// The caller authenticates the user.

import { randomUUID } from "node:crypto";

import { settings } from "./settings";
import { sign } from "./signing";

export const TICKET_SECONDS = 30;

export function ticketFor(room: string, user: string, seconds = TICKET_SECONDS): string {
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const payload = Buffer.from(JSON.stringify({ room, user, exp, jti: randomUUID() })).toString("base64url");
  return `${payload}.${sign(settings.ticketSecret(), `ticket.${payload}`)}`;
}
