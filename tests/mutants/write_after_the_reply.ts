// The bug: a message is acknowledged at once and written a moment later, to be quick.
// Must turn red: crash-under-load/acknowledged-writes-survive.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override say(text: unknown): object {
    setTimeout(() => this.log.append(text), 500);
    return { text, reached: this.ctx.getWebSockets().length };
  }
}
