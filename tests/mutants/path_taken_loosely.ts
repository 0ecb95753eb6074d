// The bug: the last part of the path is the room, whatever stands before it.
// Must turn red: strange-names/path-leads-nowhere-else.

import type { Env } from "./env.ts";
import strict from "./index.ts";

export { Room } from "./index.ts";

export default {
  async fetch(request, env): Promise<Response> {
    const url = new URL(request.url);
    const room = url.pathname.split("/").at(-1) || "lobby";
    if (url.pathname.includes("/room/")) url.pathname = `/room/${room}`;
    return strict.fetch(new Request<unknown, IncomingRequestCfProperties>(url, request), env);
  },
} satisfies ExportedHandler<Env>;
