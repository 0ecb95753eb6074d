// Single-use values in SQLite: the nonces of pushes and the ids of tickets, for as long as they are valid.
// Not in memory, because a sleep would make them valid again.

/** Created at first use, because the constructor delays every wake. */
const TABLE = "CREATE TABLE IF NOT EXISTS used (mark TEXT PRIMARY KEY, until INTEGER NOT NULL)";

/**
 * How much longer a value is kept than it is valid: the Worker that checks the time runs elsewhere than the object,
 * maybe with another clock, and what it accepts may arrive here late.
 */
const GRACE_SECONDS = 60;

/** Uses a value that is valid until a time, in seconds since 1970; returns false if it was used before. */
export function useOnce(sql: SqlStorage, mark: string, until: number): boolean {
  sql.exec(TABLE);
  sql.exec("DELETE FROM used WHERE until < ?", Math.floor(Date.now() / 1_000) - GRACE_SECONDS);
  const taken = sql.exec("INSERT OR IGNORE INTO used (mark, until) VALUES (?, ?) RETURNING mark", mark, until);
  return taken.toArray().length > 0;
}
