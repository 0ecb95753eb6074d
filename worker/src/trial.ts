// What a trial is: an operation that puts one promise of the platform to the test, in a file with its like.
// Never a table of them; that is in trials.ts.

import type { Boot } from "./boots.ts";
import type { Crowd } from "./crowd.ts";
import type { Env } from "./env.ts";
import type { Fields } from "./fields.ts";
import type { Pins } from "./pins.ts";

/** What a trial may use of the room. */
export interface Stage {
  readonly state: DurableObjectState;
  readonly env: Env;
  readonly boot: Boot;
  readonly crowd: Crowd;
  readonly pins: Pins;
  /** The socket that asks; throws BadRequest over HTTP, where there is none. */
  socket(): WebSocket;
}

/** The fields of the reply, or null where there is to be none. */
export type Outcome = object | null | Promise<object | null>;

/** Does what was asked; whatever it throws becomes an error reply with the runtime's own words. */
export type Trial = (stage: Stage) => Outcome;

/** Readers by operation: each checks the fields before anything is done. Throws BadRequest. */
export type Trials = Readonly<Record<string, (fields: Fields) => Trial>>;
