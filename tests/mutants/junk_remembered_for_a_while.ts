// The bug: who sends junk is remembered for a minute, by a timer that nobody ends.
// Must turn red: junk/room-sleeps-after-junk.

import { Room as Real, type Reply } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #lately = new Set<object>();

  protected override refusal(error: unknown): Reply {
    const sent = {};
    this.#lately.add(sent);
    setTimeout(() => this.#lately.delete(sent), 60_000);
    return super.refusal(error);
  }
}
