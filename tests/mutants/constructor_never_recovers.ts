// The bug: a room whose constructor has failed once is marked as broken, and fails for ever after.
// Must turn red: constructor-throws/clients-come-back-after-a-throw.

import { Room as Real, type Env } from "./room.ts";

export { default } from "./index.ts";

/** Rooms whose constructor has begun and not ended, by their ids. */
const BROKEN = new Set<string>();

export class Room extends Real {
  constructor(state: DurableObjectState, env: Env) {
    if (BROKEN.has(state.id.toString())) throw new Error("this room is broken");
    BROKEN.add(state.id.toString());
    super(state, env);
    BROKEN.delete(state.id.toString());
  }
}
