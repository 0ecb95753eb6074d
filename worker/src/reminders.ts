// Reminders: several events on the one alarm that an object has, each told once, when it is due.
// The operation `alarm` of the room sets that alarm too, so a scenario uses one or the other.

import { text, whole } from "./fields.ts";
import type { Trials } from "./trial.ts";

type Row = { what: string; due: number };

/** Created at first use, because the constructor delays every wake. */
const TABLE = "CREATE TABLE IF NOT EXISTS reminders (what TEXT PRIMARY KEY, due INTEGER NOT NULL)";

const LONGEST_MS = 86_400_000;

/** Sets the alarm for the first of those that are left. */
async function arm(storage: DurableObjectStorage): Promise<void> {
  const { due } = storage.sql.exec<{ due: number | null }>("SELECT MIN(due) AS due FROM reminders").one();
  if (due !== null) await storage.setAlarm(due);
}

/** Takes those that are due off the list and returns them, the earliest first. */
export async function takeDue(storage: DurableObjectStorage): Promise<string[]> {
  storage.sql.exec(TABLE);
  const taken = storage.sql.exec<Row>("DELETE FROM reminders WHERE due <= ? RETURNING what, due", Date.now()).toArray();
  await arm(storage);
  return taken.sort((one, other) => one.due - other.due).map(({ what }) => what);
}

export const REMINDERS = {
  /** Sets a reminder, or moves the one of this name. */
  remind: (fields) => {
    const [what, inMs] = [text(fields, "what"), whole(fields, "in_ms", 0, LONGEST_MS)];
    return async ({ state: { storage } }) => {
      storage.sql.exec(TABLE);
      storage.sql.exec("INSERT OR REPLACE INTO reminders (what, due) VALUES (?, ?)", what, Date.now() + inMs);
      await arm(storage);
      return { what };
    };
  },
} satisfies Trials;
