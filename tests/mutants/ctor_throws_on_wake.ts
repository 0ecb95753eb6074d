// The bug: the constructor cannot do with sockets that are there already, so no wake succeeds.
// Must turn red: hibernate/sockets-survive-sleep and resume/message-wakes-the-room.

import { Room as Real, type Env } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    if (this.ctx.getWebSockets().length > 0) throw new Error("a socket without a session");
  }
}
