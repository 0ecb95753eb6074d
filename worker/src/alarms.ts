// Reads and deletes the alarm of the room;
// the operation `alarm` of the room sets it.

import type { Trials } from "./trial.ts";

export const ALARMS = {
  /** When it is due, in milliseconds since 1970, or null if none is set (or it has fired). */
  alarm_get: () => async ({ state }) => ({ alarm: await state.storage.getAlarm() }),

  /** Deletes everything that is stored; from the compatibility date 2026-02-24 on the alarm too. */
  delete_all: () => async ({ state }) => {
    await state.storage.deleteAll();
    return {};
  },

  alarm_delete: () => async ({ state }) => {
    await state.storage.deleteAlarm();
    return {};
  },
} satisfies Trials;
