// The alarm of the room, looked at and taken back; `alarm` itself sets it.
// Never sets one.

import type { Trials } from "./trial.ts";

export const ALARMS = {
  /** When it is due, in milliseconds since 1970, or null where none is set (or it has fired). */
  alarm_get: () => async ({ state }) => ({ alarm: await state.storage.getAlarm() }),

  alarm_delete: () => async ({ state }) => {
    await state.storage.deleteAlarm();
    return {};
  },
} satisfies Trials;
