// The bug: the constructor takes the sockets that it finds for left-overs and closes them, so each wake ends them all.
// Must turn red: hibernate/sockets-survive-sleep and resume/message-wakes-the-room.

import { Room as Real, type Env } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    for (const socket of this.ctx.getWebSockets()) socket.close(1012, "restarted");
  }
}
