// The bug: what the room does not understand it takes for a chat line and passes on to all.
// Must turn red: junk/junk-is-heard-by-nobody-else.

import { Room as Real, type Reply } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override refusal(error: unknown): Reply {
    const refusal = super.refusal(error);
    if (refusal["error"] === "unknown_op") this.toAll({ event: "line", ...this.self() });
    return refusal;
  }
}
