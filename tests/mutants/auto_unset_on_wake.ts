// The bug: the auto-response is set up for a new room only, and a room that wakes clears it.
// Must turn red: auto-response/auto-response-survives-sleep.

import { Room as Real, type Env } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    if (this.ctx.getWebSockets().length > 0) this.ctx.setWebSocketAutoResponse();
  }
}
