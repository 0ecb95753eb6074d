// The bug: the Worker passes every push on, and it is the object that looks at signature and time.
// Must turn red: push/refused-push-does-not-wake-the-room, and push/nothing-is-thrown, because it reads the body once more.

import type { Env } from "./env.ts";
import strict from "./index.ts";
import { checkPush, isPush } from "./push.ts";
import { refused } from "./refusals.ts";
import { Room as Real } from "./room.ts";

export class Room extends Real {
  override async fetch(request: Request): Promise<Response> {
    const isOne = isPush(new URL(request.url));
    const refusal = isOne ? await checkPush(request, this.env.POC_PUSH_SECRET) : null;
    return refusal === null ? super.fetch(request) : refused(refusal);
  }
}

export default {
  async fetch(request, env): Promise<Response> {
    const url = new URL(request.url);
    if (!isPush(url)) return strict.fetch(request, env);
    return env.ROOM.get(env.ROOM.idFromName(url.pathname.split("/")[2] ?? "")).fetch(request);
  },
} satisfies ExportedHandler<Env>;
