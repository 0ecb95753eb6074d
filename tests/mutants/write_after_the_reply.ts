// The bug: a message is acknowledged at once and written some seconds later, to be quick.
// Must turn red: crash-under-load/acknowledged-writes-survive.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

/** Longer than it takes from the reply to the crash on any machine. */
const WRITING_LATER_MS = 30_000;

export class Room extends Real {
  protected override say(text: unknown): object {
    setTimeout(() => this.log.append(text), WRITING_LATER_MS);
    return { text, reached: this.ctx.getWebSockets().length };
  }
}
