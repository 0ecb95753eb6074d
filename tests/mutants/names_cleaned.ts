// The bug: odd characters are taken out of names, and rooms meet that should not.
// Must turn red: strange-names/odd-name-is-a-room-of-its-own.

import type { Env } from "./env.ts";
import strict from "./index.ts";

export { Room } from "./index.ts";

export default {
  async fetch(request, env): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname.length < 500) url.pathname = url.pathname.replaceAll(/%(2F|25|F0|9F|98|80|00)/g, "");
    return strict.fetch(new Request<unknown, IncomingRequestCfProperties>(url, request), env);
  },
} satisfies ExportedHandler<Env>;
