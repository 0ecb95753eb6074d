// The bug: each wake waits for a second before the first message is handled.
// Must turn red: wake-latency/wakes-are-quick.

import { Room as Real, type Env } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    void this.ctx.blockConcurrencyWhile(() => scheduler.wait(1_000));
  }
}
