// Tickets, `payload.signature` in base64url: an app server admits one client to one room, once, for seconds.
// A ticket is sent as a subprotocol, which browsers support, and not in the URL, because URLs end up in logs.

import { offered } from "./auth.ts";
import { useOnce } from "./once.ts";
import type { Refusal } from "./refusals.ts";
import { bytesOf, isSigned } from "./signing.ts";

const SUBPROTOCOL_PREFIX = "poc.ticket.";

/** A longer lifetime is refused, because the room must store the ticket for as long. */
const LONGEST_SECONDS = 300;

export interface Ticket {
  readonly room: string;
  /** Until when it is valid, in seconds since 1970. */
  readonly exp: number;
  /** The unique id. */
  readonly jti: string;
}

/** What a ticket is checked against: the requested room and the secret. */
interface Asked {
  readonly shown: string;
  readonly room: string;
  readonly secret: string | null | undefined;
}

type Check = (ticket: Ticket, asked: Asked) => Promise<Refusal | null> | Refusal | null;

/** Returns the subprotocol that contains a ticket, or null. */
export function ticketOffered(request: Request): string | null {
  return request.headers.get("Upgrade") === "websocket" ? offered(request, SUBPROTOCOL_PREFIX) : null;
}

/** Returns the payload of a ticket, unverified, or null if it is malformed. */
function read(subprotocol: string): Ticket | null {
  const [payload = ""] = subprotocol.slice(SUBPROTOCOL_PREFIX.length).split(".");
  try {
    const said = JSON.parse(new TextDecoder().decode(bytesOf(payload) ?? new Uint8Array())) as Partial<Ticket> | null;
    const isWhole = typeof said?.room === "string" && Number.isInteger(said.exp) && typeof said.jti === "string";
    return isWhole && /^[\w-]{16,64}$/.test(said.jti ?? "") ? (said as Ticket) : null;
  } catch {
    return null;
  }
}

const FORGED: Refusal = { status: 401, error: "ticket_forged", message: "this is no ticket of the app's" };

/** The Worker's checks of a ticket, in this order. */
export const TICKET_CHECKS: Record<"genuine" | "alive" | "forThisRoom", Check> = {
  genuine: async (_, { shown, secret }) => {
    const [payload = "", signature = "", ...more] = shown.split(".");
    return more.length === 0 && (await isSigned(secret, `ticket.${payload}`, signature)) ? null : FORGED;
  },

  alive: ({ exp }) => {
    const left = exp - Date.now() / 1_000;
    if (left <= 0) return { status: 401, error: "ticket_expired", message: "the ticket has expired" };
    const message = `a ticket may live for ${LONGEST_SECONDS} s, and this one lives longer`;
    return left > LONGEST_SECONDS ? { status: 401, error: "ticket_lives_too_long", message } : null;
  },

  forThisRoom: (ticket, { room }) =>
    ticket.room === room
      ? null
      : { status: 403, error: "ticket_for_another_room", message: "the ticket is for another room" },
};

/** Returns why a ticket is refused, or null; only the room knows whether it was used before. */
export async function checkTicket(
  subprotocol: string,
  room: string,
  secret: string | null | undefined,
): Promise<Refusal | null> {
  const ticket = read(subprotocol);
  if (ticket === null) return FORGED;
  const asked = { shown: subprotocol.slice(SUBPROTOCOL_PREFIX.length), room, secret };
  for (const check of [TICKET_CHECKS.genuine, TICKET_CHECKS.alive, TICKET_CHECKS.forThisRoom]) {
    const refusal = await check(ticket, asked);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** Whether a request is allowed: it has no ticket, or one that was not used before. */
export function isAdmitted(request: Request, sql: SqlStorage): boolean {
  const shown = ticketOffered(request);
  if (shown === null) return true;
  const ticket = read(shown);
  return ticket !== null && useOnce(sql, `ticket ${ticket.jti}`, ticket.exp);
}

export const USED: Refusal = { status: 409, error: "ticket_used", message: "the ticket has let somebody in already" };
