// The bug: who sends no origin is taken for a page that hides its own.
// Must turn red: origins/no-origin-goes-on-to-the-token.

import type { Env } from "./env.ts";
import strict from "./index.ts";

export { Room } from "./index.ts";

export default {
  async fetch(request, env): Promise<Response> {
    if (!request.headers.has("Origin")) return new Response("who are you?", { status: 403 });
    return strict.fetch(request, env);
  },
} satisfies ExportedHandler<Env>;
