// The bug: a heartbeat timer runs for as long as the object is in memory, and so the object never leaves it.
// Must turn red: resume/room-sleeps-before-it-is-resumed, and hibernate/idle-room-sleeps, naming the line below.

import { Room as Real, type Env } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    setInterval(() => {}, 1_000);
  }
}
