// The bug: requests that are no WebSocket are passed on without looking at the token.
// Must turn red: push-from-backend/push-needs-the-token.

import worker from "./index.ts";
import { Room, type Env } from "./room.ts";

export { Room };

export default {
  async fetch(request, env): Promise<Response> {
    if (request.headers.get("Upgrade") === "websocket") return worker.fetch(request, env);
    const name = decodeURIComponent(new URL(request.url).pathname.replace("/room/", ""));
    return env.ROOM.get(env.ROOM.idFromName(name)).fetch(request);
  },
} satisfies ExportedHandler<Env>;
