// The bug: every twentieth time the constructor loads something that takes longer than a client wants to wait.
// Must turn red: wake-latency/wakes-are-quick.

import { Room as Real, type Env } from "./room.ts";

export { default } from "./index.ts";

/** Above the 500 ms that the scenario allows. */
const LOADING_MS = 600;

export class Room extends Real {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    if (this.boots() % 20 === 0) void this.ctx.blockConcurrencyWhile(() => scheduler.wait(LOADING_MS));
  }
}
