// The bug: the token is asked for only on the way to a room.
// Must turn red: tokens/every-route-wants-the-token.

import type { Env } from "./env.ts";
import strict from "./index.ts";

export { Room } from "./index.ts";

export default {
  async fetch(request, env): Promise<Response> {
    if (new URL(request.url).pathname.startsWith("/room/")) return strict.fetch(request, env);
    const changed = new Request<unknown, IncomingRequestCfProperties>(request);
    changed.headers.set("Authorization", `Bearer ${env.POC_TOKEN}`);
    return strict.fetch(changed, env);
  },
} satisfies ExportedHandler<Env>;
