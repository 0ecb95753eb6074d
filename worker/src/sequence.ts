// Numbers without gaps, from SQLite: each is one more than the one before, whatever happened between them.
// Never keeps more than the last one.

import type { Trials } from "./trial.ts";

/** Made when it is first used: the constructor is on the way of every wake. */
const TABLE = "CREATE TABLE IF NOT EXISTS sequence (only INTEGER PRIMARY KEY CHECK (only = 1), last INTEGER NOT NULL)";

const NEXT = `INSERT INTO sequence (only, last) VALUES (1, 1)
  ON CONFLICT (only) DO UPDATE SET last = last + 1 RETURNING last AS seq`;

export const SEQUENCE = {
  seq: () => ({ state }) => {
    state.storage.sql.exec(TABLE);
    return state.storage.sql.exec<{ seq: number }>(NEXT).one();
  },
} satisfies Trials;
