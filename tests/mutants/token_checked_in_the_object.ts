// The bug: the Worker passes every request on, and it is the object that checks the token.
// Must turn red: tokens/stranger-does-not-wake-the-room.

import { authenticate } from "./auth.ts";
import type { Env } from "./env.ts";
import strict from "./index.ts";
import { Room as Real } from "./room.ts";

export class Room extends Real {
  override async fetch(request: Request): Promise<Response> {
    if ((await authenticate(request, this.env.POC_TOKEN)) === null) return new Response("no token", { status: 401 });
    return super.fetch(request);
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/room/")) return strict.fetch(request, env);
    return env.ROOM.get(env.ROOM.idFromName(pathname.slice("/room/".length))).fetch(request);
  },
} satisfies ExportedHandler<Env>;
