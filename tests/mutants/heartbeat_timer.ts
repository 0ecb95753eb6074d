// The bug: the room looks after its clients with a timer of its own, every five seconds, which never ends.
// Must turn red: the claims of api/ that a room leaves memory.

import { Room as Real, type Env } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    setInterval(() => this.ctx.getWebSockets().length, 5_000);
  }
}
