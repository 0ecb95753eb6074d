// The bug: the token is compared with the whole header, the word Bearer and all.
// Must turn red: tokens/token-opens.

import type { Env } from "./env.ts";
import strict from "./index.ts";

export { Room } from "./index.ts";

export default {
  async fetch(request, env): Promise<Response> {
    const changed = new Request<unknown, IncomingRequestCfProperties>(request);
    changed.headers.set("Authorization", `Bearer ${request.headers.get("Authorization")}`);
    return strict.fetch(changed, env);
  },
} satisfies ExportedHandler<Env>;
