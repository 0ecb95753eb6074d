// The bug: a call that arrives twice is carried out twice.
// Must turn red: subscribed-rooms/retried-call-runs-once.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override isFirst(): boolean {
    return true;
  }
}
