// Consecutive numbers from SQLite, without gaps whatever happens in between.
// Only the last one is stored.

import type { Trials } from "./trial.ts";

/** Created at first use, because the constructor delays every wake. */
const TABLE = "CREATE TABLE IF NOT EXISTS sequence (only INTEGER PRIMARY KEY CHECK (only = 1), last INTEGER NOT NULL)";

const NEXT = `INSERT INTO sequence (only, last) VALUES (1, 1)
  ON CONFLICT (only) DO UPDATE SET last = last + 1 RETURNING last AS seq`;

export const SEQUENCE = {
  seq: () => ({ state }) => {
    state.storage.sql.exec(TABLE);
    return state.storage.sql.exec<{ seq: number }>(NEXT).one();
  },
} satisfies Trials;
