// Room tickets, `payload.signature` in base64url: the app says who may enter which room, for seconds and once.
// Never makes one; that is the app's, which knows who somebody is.

import { TRPCError } from "@trpc/server";

import { bytesOf, isSigned } from "./signing.ts";

export interface Ticket {
  readonly room: string;
  readonly user: string;
  /** Seconds since 1970. */
  readonly exp: number;
  /** Makes it one of its kind, so that it can be used once. */
  readonly jti: string;
}

/** The app gives them for 30 s; that a room must remember one for longer than this, nobody may ask. */
const LONGEST_SECONDS = 300;

/**
 * Gives the ticket where it is whole, alive and for this room; whether it was used already, only the room knows.
 * Throws UNAUTHORIZED where a fresh one would help, and FORBIDDEN where it would not.
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
