// The bug: the constructor sets the room's own pair at each start, over the one that was set meanwhile.
// Must turn red: auto-response-pair/own-pair-survives-sleep.

import { AUTO_RESPONSE } from "./autoresponse.ts";
import { Room as Real, type Env } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.ctx.setWebSocketAutoResponse(AUTO_RESPONSE);
  }
}
