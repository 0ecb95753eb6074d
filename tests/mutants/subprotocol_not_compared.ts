// The bug: a token that comes as a subprotocol is taken without being looked at.
// Must turn red: tokens/wrong-token-401.

import type { Env } from "./env.ts";
import strict from "./index.ts";

export { Room } from "./index.ts";

export default {
  async fetch(request, env): Promise<Response> {
    if (!request.headers.get("Sec-WebSocket-Protocol")?.startsWith("poc.bearer.")) return strict.fetch(request, env);
    const changed = new Request<unknown, IncomingRequestCfProperties>(request);
    changed.headers.set("Authorization", `Bearer ${env.POC_TOKEN}`);
    return strict.fetch(changed, env);
  },
} satisfies ExportedHandler<Env>;
