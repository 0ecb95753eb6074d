// The bug: the token is checked where one is shown, and where none is shown there is nothing to check.
// Must turn red: tokens/without-a-token-401.

import type { Env } from "./env.ts";
import strict from "./index.ts";

export { Room } from "./index.ts";

export default {
  async fetch(request, env): Promise<Response> {
    if (request.headers.get("Authorization")) return strict.fetch(request, env);
    const changed = new Request<unknown, IncomingRequestCfProperties>(request);
    changed.headers.set("Authorization", `Bearer ${env.POC_TOKEN}`);
    return strict.fetch(changed, env);
  },
} satisfies ExportedHandler<Env>;
