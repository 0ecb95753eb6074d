// Tickets, `payload.signature` in base64url: by one an app server admits one client to one room, once, for seconds.
// Never read from a URL, because URLs end up in logs; a ticket is offered as a subprotocol, which a browser can do.

import { offered } from "./auth.ts";
import { useOnce } from "./once.ts";
import type { Refusal } from "./refusals.ts";
import { bytesOf, isSigned } from "./signing.ts";

const SUBPROTOCOL_PREFIX = "poc.ticket.";

/** A ticket that lives longer is refused, since the room has to remember it for as long. */
const LONGEST_SECONDS = 300;

export interface Ticket {
  readonly room: string;
  /** Until when it is good, in seconds since 1970. */
  readonly exp: number;
  /** What makes it one of its kind. */
  readonly jti: string;
}

/** What a ticket is held against: the room that is asked for, and the secret. */
interface Asked {
  readonly shown: string;
  readonly room: string;
  readonly secret: string | null | undefined;
}

type Check = (ticket: Ticket, asked: Asked) => Promise<Refusal | null> | Refusal | null;

/** Gives the subprotocol with which a WebSocket shows a ticket, or null where it shows none. */
export function ticketOffered(request: Request): string | null {
  return request.headers.get("Upgrade") === "websocket" ? offered(request, SUBPROTOCOL_PREFIX) : null;
}

/** Gives what a ticket says, whoever made it, or null where it says nothing. */
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

/** What the Worker asks of a ticket, in this order. */
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

/** Gives why a ticket does not lead into a room, or null; whether it was used already, only the room knows. */
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

/** Whether a request may come in as far as tickets go: it shows none, or one that is used by this very request. */
export function isAdmitted(request: Request, sql: SqlStorage): boolean {
  const shown = ticketOffered(request);
  if (shown === null) return true;
  const ticket = read(shown);
  return ticket !== null && useOnce(sql, `ticket ${ticket.jti}`, ticket.exp);
}

export const USED: Refusal = { status: 409, error: "ticket_used", message: "the ticket has let somebody in already" };
