// Room tickets, `payload.signature` in base64url: the app allows a user into a room, for seconds and once.
// Tickets are created by the app, which knows its users.

import { TRPCError } from "@trpc/server";

import { bytesOf, isSigned } from "./signing.ts";

export interface Ticket {
  readonly room: string;
  readonly user: string;
  /** Seconds since 1970. */
  readonly exp: number;
  /** Makes the ticket unique, so that it can be used once. */
  readonly jti: string;
}

/** The app issues tickets for 30 s; no ticket may make a room remember it for longer than this. */
const LONGEST_SECONDS = 300;

/**
 * Returns the ticket if it is intact, not expired and for this room. Whether it was used before is checked by the room.
 * Throws UNAUTHORIZED if a new ticket would help, FORBIDDEN if not.
 */
export async function checkTicket(secret: string | undefined, ticket: string, room: string): Promise<Ticket> {
  const [payload = "", signature = ""] = ticket.split(".");
  if (!(await isSigned(secret, `ticket.${payload}`, signature))) throw unauthorized("the ticket is forged or missing");
  const parsed = JSON.parse(new TextDecoder().decode(bytesOf(payload) ?? new Uint8Array())) as Ticket;
  const left = parsed.exp - Date.now() / 1000;
  if (left <= 0) throw unauthorized("the ticket has expired");
  if (left > LONGEST_SECONDS) throw unauthorized("the ticket lives too long");
  if (parsed.room !== room) throw new TRPCError({ code: "FORBIDDEN", message: "the ticket is for another room" });
  return parsed;
}

export function unauthorized(message: string): TRPCError {
  return new TRPCError({ code: "UNAUTHORIZED", message });
}
