// The Worker in front of the objects: checks the token, finds the room by its name, passes the request on.
// Never touches an object for a request without the token, or from a web page that is not on the list.

import { authenticate } from "./auth.ts";
import type { Env } from "./env.ts";
import { isAllowedOrigin } from "./origins.ts";
import { Room } from "./room.ts";
import { acceptAndAnswerClose, connectStateless } from "./stateless.ts";

export { Room };

/** Longer names are refused: the platform's own limit is 1,024 bytes for a name that alarms should know. */
const LONGEST_ROOM_NAME = 512;

function refused(status: number, error: string, message: string): Response {
  return Response.json({ ok: false, error, message }, { status });
}

/** An endless answer for the pins: an open socket, or a response that takes `ms`. */
async function hang(request: Request, url: URL, subprotocol: string | null): Promise<Response> {
  if (request.headers.get("Upgrade") === "websocket") {
    const { 0: client, 1: server } = new WebSocketPair();
    acceptAndAnswerClose(server);
    return new Response(null, { status: 101, webSocket: client, headers: subprotocolHeader(subprotocol) });
  }
  await scheduler.wait(Number(url.searchParams.get("ms") ?? 1_000));
  return Response.json({ ok: true });
}

/** A WebSocket that ends here, in the Worker, without an object. */
function stateless(request: Request, url: URL, subprotocol: string | null): Response {
  if (request.headers.get("Upgrade") !== "websocket") {
    return refused(426, "socket_only", "/stateless is for WebSockets");
  }
  const webSocket = connectStateless(url.searchParams.get("name") ?? "");
  return new Response(null, { status: 101, webSocket, headers: subprotocolHeader(subprotocol) });
}

function subprotocolHeader(subprotocol: string | null): HeadersInit {
  return subprotocol === null ? {} : { "Sec-WebSocket-Protocol": subprotocol };
}

function roomNameOf(url: URL): string | null {
  const match = /^\/room\/([^/]+)$/.exec(url.pathname);
  if (match?.[1] === undefined) return null;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return null;
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    if (!isAllowedOrigin(request, env.POC_ALLOWED_ORIGINS)) {
      return refused(403, "origin_not_allowed", "pages of this origin may not speak to this worker");
    }
    const credential = await authenticate(request, env.POC_TOKEN);
    if (credential === null) return refused(401, "unauthorized", "this worker wants a bearer token");

    const url = new URL(request.url);
    if (url.pathname === "/hang") return hang(request, url, credential.subprotocol);
    if (url.pathname === "/stateless") return stateless(request, url, credential.subprotocol);

    const name = roomNameOf(url);
    if (name === null) return refused(404, "not_found", "rooms are at /room/<name>");
    if (name.length > LONGEST_ROOM_NAME) {
      return refused(400, "bad_name", `a room's name has at most ${LONGEST_ROOM_NAME} characters`);
    }

    const response = await env.ROOM.get(env.ROOM.idFromName(name)).fetch(request);
    if (response.webSocket === null || credential.subprotocol === null) return response;
    return new Response(null, {
      status: 101,
      webSocket: response.webSocket,
      headers: subprotocolHeader(credential.subprotocol),
    });
  },
} satisfies ExportedHandler<Env>;
