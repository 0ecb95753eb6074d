// The bug: the room keeps the nonces of pushes in a field.
// Must turn red: push/replay-is-refused-after-a-sleep.

import { pushOf, REPLAYED, textOf } from "./push.ts";
import { refused } from "./refusals.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #nonces = new Set<string>();

  protected override async pushed(request: Request): Promise<Response> {
    const push = await pushOf(request);
    const text = textOf(push);
    if (text instanceof Response) return text;
    if (this.#nonces.has(push.nonce)) return refused(REPLAYED);
    this.#nonces.add(push.nonce);
    return Response.json(this.reply("push", undefined, null, this.say(text)));
  }
}
