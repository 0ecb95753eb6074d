// The bug: the room is asked whether it is there before the token is checked, and so every stranger starts it.
// Must turn red: first-request/nothing-runs-before-the-first-request.

import type { Env } from "./env.ts";
import worker from "./index.ts";

export { Room } from "./room.ts";

export default {
  async fetch(request, env): Promise<Response> {
    const name = new URL(request.url).pathname.replace("/room/", "");
    await env.ROOM.get(env.ROOM.idFromName(name)).fetch(request.url, { method: "POST", body: '{"op":"who"}' });
    return worker.fetch(request, env);
  },
} satisfies ExportedHandler<Env>;
