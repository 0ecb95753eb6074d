// The bug: the Worker makes a new object for each connection, as it does not look at the name.
// Must turn red: stateless/connections-to-a-room-share-it.

import type { Env } from "./env.ts";
import strict from "./index.ts";

export { Room } from "./index.ts";

export default {
  async fetch(request, env): Promise<Response> {
    const isRoom = new URL(request.url).pathname.startsWith("/room/");
    return isRoom ? env.ROOM.get(env.ROOM.newUniqueId()).fetch(request) : strict.fetch(request, env);
  },
} satisfies ExportedHandler<Env>;
