// The Worker in front of the rooms: checks origins and signatures, and routes each request to its room.
// It is stateless, and does not wake a room for a foreign page or a bad signature.

import type { Env } from "./env.ts";
import { checkRequest, pushOf, refusal } from "./requests.ts";

export { ChatRoom } from "./room.ts";

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, name, action] = /^\/room\/([\w-]{1,64})(?:\/(push|history))?$/.exec(new URL(request.url).pathname) ?? [];
    if (name === undefined) return refusal(404, "no such path");
    const room = env.ROOMS.get(env.ROOMS.idFromName(name));
    if (action === undefined) {
      if (!isAllowedOrigin(request, env.ALLOWED_ORIGINS)) return refusal(403, "this page may not connect");
      if (request.headers.get("Upgrade") !== "websocket") return refusal(426, "a room speaks WebSocket");
      return room.fetch(request);
    }
    if (request.method !== (action === "push" ? "POST" : "GET")) return refusal(405, "not by this method");
    const signed = await checkRequest(env.PUSH_SECRET, request);
    if (signed instanceof Response) return signed;
    if (action === "history") return Response.json(await room.latest(100));
    const push = pushOf(signed.body);
    if (push === null) return refusal(400, "the body says nothing to push");
    const done = await room.push(push, signed.nonce);
    return done === null ? refusal(409, "this request came before") : Response.json(done);
  },
} satisfies ExportedHandler<Env>;

/**
 * A browser always sends the page's origin, and only listed origins may connect. A client without an origin is not a
 * browser; its ticket decides, as it does for pages.
 */
function isAllowedOrigin(request: Request, allowed = ""): boolean {
  const origin = request.headers.get("Origin");
  return origin === null || (origin !== "" && allowed.split(",").some((entry) => entry.trim() === origin));
}
