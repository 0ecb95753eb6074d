// The bug: the room does not keep the nonces of the pushes that it has had.
// Must turn red: push/replay-is-refused and push/replay-is-refused-after-a-sleep.

import { pushOf, textOf } from "./push.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override async pushed(request: Request): Promise<Response> {
    const text = textOf(await pushOf(request));
    return text instanceof Response ? text : Response.json(this.reply("push", undefined, null, this.say(text)));
  }
}
