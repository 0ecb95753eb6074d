// The bug: the API's key is put into a field when the object is set up for the first time, and never again.
// Must turn red: api-call/woken-room-has-the-key and api-call/woken-room-calls-the-api.

import { Room as Real, type Env } from "./room.ts";
import type { Stage } from "./trial.ts";

export { default } from "./index.ts";

export class Room extends Real {
  #key: string | null = null;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    if (this.boots() === 1) this.#key = env.POC_API_KEY ?? null;
  }

  protected override stage(socket: WebSocket | null): Stage {
    const stage = super.stage(socket);
    return { ...stage, env: { ...stage.env, POC_API_KEY: this.#key } };
  }
}
