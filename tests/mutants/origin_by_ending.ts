// The bug: an origin is let in that ends with a host on the list.
// Must turn red: origins/lookalike-is-refused.

import type { Env } from "./env.ts";
import strict from "./index.ts";

export { Room } from "./index.ts";

export default {
  async fetch(request, env): Promise<Response> {
    const changed = new Request<unknown, IncomingRequestCfProperties>(request);
    const [allowed = ""] = (env.POC_ALLOWED_ORIGINS ?? "").split(",");
    if (request.headers.get("Origin")?.endsWith(new URL(allowed).host)) changed.headers.set("Origin", allowed);
    return strict.fetch(changed, env);
  },
} satisfies ExportedHandler<Env>;
