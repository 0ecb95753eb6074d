// The types of a trial: an operation that tests one documented behavior of the platform.
// The table of all trials is in trials.ts.

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
  /** The requesting socket; throws BadRequest over HTTP, where there is none. */
  socket(): WebSocket;
}

/** The fields of the reply, or null for no reply. */
export type Outcome = object | null | Promise<object | null>;

/** Runs the operation; what it throws becomes an error reply with the runtime's text. */
export type Trial = (stage: Stage) => Outcome;

/** Parsers by operation: each checks the fields first. Throws BadRequest if they are invalid. */
export type Trials = Readonly<Record<string, (fields: Fields) => Trial>>;
