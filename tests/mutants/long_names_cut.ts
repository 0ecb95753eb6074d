// The bug: a name that is too long for the database of names is cut, and rooms meet that should not.
// Must turn red: strange-names/long-name-is-refused.

import type { Env } from "./env.ts";
import strict from "./index.ts";

export { Room } from "./index.ts";

export default {
  async fetch(request, env): Promise<Response> {
    const url = new URL(request.url);
    url.pathname = url.pathname.slice(0, 500);
    return strict.fetch(new Request<unknown, IncomingRequestCfProperties>(url, request), env);
  },
} satisfies ExportedHandler<Env>;
