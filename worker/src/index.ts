// The Worker in front of the objects: authorizes a request, finds the room by name, and forwards the request.
// No object is used for requests without a token, ticket or signature, or from a web page that is not allowed.

import { exports } from "cloudflare:workers";

import { authenticate } from "./auth.ts";
import type { Env } from "./env.ts";
import { isAllowedOrigin } from "./origins.ts";
import { checkPush, isPush } from "./push.ts";
import { refused, type Refusal } from "./refusals.ts";
import { Room } from "./room.ts";
import { acceptAndAnswerClose, connectStateless } from "./stateless.ts";
import { checkTicket, ticketOffered } from "./tickets.ts";

export { Room };

/** The binding of this Worker to itself: a socket that comes in through it leads through two Workers. */
interface Exports {
  readonly default: Fetcher;
}

const GATE = "/gate";

/** Longer names are refused: the platform's limit is 1,024 bytes for a name that alarms can read. */
const LONGEST_ROOM_NAME = 512;

/** An authorized request: the subprotocol to echo if a browser sent the credential in it. */
interface Admitted {
  readonly subprotocol: string | null;
}

/** An endless response for the pins: an open socket, or a response that takes `ms`. */
async function hang(request: Request, url: URL, subprotocol: string | null): Promise<Response> {
  if (request.headers.get("Upgrade") === "websocket") {
    const { 0: client, 1: server } = new WebSocketPair();
    acceptAndAnswerClose(server);
    return new Response(null, { status: 101, webSocket: client, headers: subprotocolHeader(subprotocol) });
  }
  await scheduler.wait(Number(url.searchParams.get("ms") ?? 1_000));
  return Response.json({ ok: true });
}

/** A WebSocket that the Worker itself accepts, without an object. */
function stateless(request: Request, url: URL, subprotocol: string | null): Response {
  if (request.headers.get("Upgrade") !== "websocket") {
    return refused({ status: 426, error: "socket_only", message: "/stateless is for WebSockets" });
  }
  const webSocket = connectStateless(url.searchParams.get("name") ?? "");
  return new Response(null, { status: 101, webSocket, headers: subprotocolHeader(subprotocol) });
}

function subprotocolHeader(subprotocol: string | null): HeadersInit {
  return subprotocol === null ? {} : { "Sec-WebSocket-Protocol": subprotocol };
}

function roomNameOf(url: URL): string | null {
  const match = /^\/room\/([^/]+)(?:\/push)?$/.exec(url.pathname);
  if (match?.[1] === undefined) return null;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return null;
  }
}

/** Authorizes a request: a push by its signature, a client by its ticket if it has one, else by the token. */
async function admit(request: Request, url: URL, room: string | null, env: Env): Promise<Admitted | Refusal> {
  if (isPush(url)) return (await checkPush(request, env.POC_PUSH_SECRET)) ?? { subprotocol: null };
  const ticket = room === null ? null : ticketOffered(request);
  if (room !== null && ticket !== null) {
    return (await checkTicket(ticket, room, env.POC_TICKET_SECRET)) ?? { subprotocol: ticket };
  }
  const credential = await authenticate(request, env.POC_TOKEN);
  return credential ?? { status: 401, error: "unauthorized", message: "this worker wants a bearer token" };
}

export default {
  async fetch(request, env): Promise<Response> {
    if (!isAllowedOrigin(request, env.POC_ALLOWED_ORIGINS)) {
      const message = "pages of this origin may not speak to this worker";
      return refused({ status: 403, error: "origin_not_allowed", message });
    }
    const url = new URL(request.url);
    if (url.pathname.startsWith(`${GATE}/room/`)) {
      url.pathname = url.pathname.slice(GATE.length);
      return (exports as unknown as Exports).default.fetch(new Request(url, request));
    }
    const name = roomNameOf(url);
    const admitted = await admit(request, url, name, env);
    if ("error" in admitted) return refused(admitted);

    if (url.pathname === "/hang") return hang(request, url, admitted.subprotocol);
    if (url.pathname === "/stateless") return stateless(request, url, admitted.subprotocol);

    if (name === null) return refused({ status: 404, error: "not_found", message: "rooms are at /room/<name>" });
    if (name.length > LONGEST_ROOM_NAME) {
      const message = `a room's name has at most ${LONGEST_ROOM_NAME} characters`;
      return refused({ status: 400, error: "bad_name", message });
    }

    const response = await env.ROOM.get(env.ROOM.idFromName(name)).fetch(request);
    if (response.webSocket === null || admitted.subprotocol === null) return response;
    return new Response(null, {
      status: 101,
      webSocket: response.webSocket,
      headers: subprotocolHeader(admitted.subprotocol),
    });
  },
} satisfies ExportedHandler<Env>;
