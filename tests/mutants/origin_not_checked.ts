// The bug: every page may connect.
// Must turn red: origins/foreign-page-is-refused.

import type { Env } from "./env.ts";
import strict from "./index.ts";

export { Room } from "./index.ts";

export default {
  async fetch(request, env): Promise<Response> {
    const changed = new Request<unknown, IncomingRequestCfProperties>(request);
    changed.headers.delete("Origin");
    return strict.fetch(changed, env);
  },
} satisfies ExportedHandler<Env>;
