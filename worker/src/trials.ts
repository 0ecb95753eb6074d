// All trials by operation;
// each is in a file with related ones.

import { ALARMS } from "./alarms.ts";
import { ATTACHMENTS } from "./attachments.ts";
import { AUTO_RESPONSES } from "./autoresponse.ts";
import { BACKEND } from "./backend.ts";
import { BOOTS } from "./boots.ts";
import { CROWD } from "./crowd.ts";
import { EVENTS } from "./events.ts";
import { FAULTS } from "./faults.ts";
import { FRAMES } from "./frames.ts";
import { GLOBALS } from "./globals.ts";
import { LATER } from "./later.ts";
import { LIVENESS } from "./liveness.ts";
import { PINNING } from "./pins.ts";
import { REMINDERS } from "./reminders.ts";
import { SEQUENCE } from "./sequence.ts";
import { SOCKETS } from "./sockets.ts";
import { SUBSCRIPTIONS } from "./subscriptions.ts";
import { TIMEOUTS } from "./timeouts.ts";
import type { Trials } from "./trial.ts";

export const TRIALS = {
  ...ALARMS,
  ...ATTACHMENTS,
  ...AUTO_RESPONSES,
  ...BACKEND,
  ...BOOTS,
  ...CROWD,
  ...EVENTS,
  ...FAULTS,
  ...FRAMES,
  ...GLOBALS,
  ...LATER,
  ...LIVENESS,
  ...PINNING,
  ...REMINDERS,
  ...SEQUENCE,
  ...SOCKETS,
  ...SUBSCRIPTIONS,
  ...TIMEOUTS,
} satisfies Trials;

export type TrialName = keyof typeof TRIALS;

export function isTrial(name: string): name is TrialName {
  return Object.hasOwn(TRIALS, name);
}
