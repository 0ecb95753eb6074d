// The Worker in front of the objects: checks the token, finds the room by its name, passes the request on.
// Never touches an object for a request without the token.

import { authenticate } from "./auth.ts";
import { Room, type Env } from "./room.ts";

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
    server.accept();
    return new Response(null, { status: 101, webSocket: client, headers: subprotocolHeader(subprotocol) });
  }
  await scheduler.wait(Number(url.searchParams.get("ms") ?? 1_000));
  return Response.json({ ok: true });
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
    const credential = await authenticate(request, env.POC_TOKEN);
    if (credential === null) return refused(401, "unauthorized", "this worker wants a bearer token");

    const url = new URL(request.url);
    if (url.pathname === "/hang") return hang(request, url, credential.subprotocol);

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
