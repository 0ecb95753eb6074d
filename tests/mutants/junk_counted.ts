// The bug: every request that fails is counted in the field that clients count in.
// Must turn red: junk/junk-changes-nothing.

import { Room as Real, type Reply } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override refusal(error: unknown): Reply {
    this.counter += 1;
    return super.refusal(error);
  }
}
