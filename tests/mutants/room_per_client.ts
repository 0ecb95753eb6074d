// The bug: the object is picked by the names of the room and of the client, so that each client is alone in its own.
// Must turn red: fifty-connects/one-object-for-fifty.

import type { Env } from "./env.ts";
import worker from "./index.ts";

export { Room } from "./room.ts";

export default {
  async fetch(request, env): Promise<Response> {
    const url = new URL(request.url);
    const client = url.searchParams.get("name");
    if (client !== null) url.pathname += `-${client}`;
    return worker.fetch(new Request(url, request), env);
  },
} satisfies ExportedHandler<Env>;
