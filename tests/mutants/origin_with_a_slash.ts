// The bug: the list holds addresses of pages, with a slash at the end, and an origin has none.
// Must turn red: origins/page-on-the-list-is-let-in.

import type { Env } from "./env.ts";
import strict from "./index.ts";

export { Room } from "./index.ts";

export default {
  async fetch(request, env): Promise<Response> {
    return strict.fetch(request, { ...env, POC_ALLOWED_ORIGINS: `${env.POC_ALLOWED_ORIGINS}/` });
  },
} satisfies ExportedHandler<Env>;
