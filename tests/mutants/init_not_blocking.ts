// The bug: the constructor begins its work and lets events in before it is done, as without blockConcurrencyWhile.
// Must turn red: constructor/message-waits-for-the-constructor and constructor/request-waits-for-the-constructor.

import { Room as Real, type Env } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  constructor(state: DurableObjectState, env: Env) {
    Object.defineProperty(state, "blockConcurrencyWhile", { value: (work: () => Promise<void>) => work() });
    super(state, env);
  }
}
