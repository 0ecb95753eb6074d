// The bug: the Worker lets everybody in.
// Must turn red: push-from-backend/push-needs-the-token.

import type { Env } from "./room.ts";
import strict from "./index.ts";

export { Room } from "./index.ts";

export default {
  async fetch(request, env): Promise<Response> {
    const open = new Request<unknown, IncomingRequestCfProperties>(request);
    open.headers.set("Authorization", `Bearer ${env.POC_TOKEN}`);
    return strict.fetch(open, env);
  },
} satisfies ExportedHandler<Env>;
