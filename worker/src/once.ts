// What may be used once, in SQLite: the nonces of pushes and the numbers of tickets, for as long as they would be good.
// Never in memory, because a sleep would make them good again.

/** Made when it is first used: the constructor is on the way of every wake. */
const TABLE = "CREATE TABLE IF NOT EXISTS used (mark TEXT PRIMARY KEY, until INTEGER NOT NULL)";

/**
 * How much longer a mark is kept than it is good: the Worker that looks at the time runs elsewhere than the object,
 * maybe by another clock, and what it lets pass may come here late.
 */
const GRACE_SECONDS = 60;

/** Uses a mark that is good until a time, in seconds since 1970; gives false where it was used before. */
export function useOnce(sql: SqlStorage, mark: string, until: number): boolean {
  sql.exec(TABLE);
  sql.exec("DELETE FROM used WHERE until < ?", Math.floor(Date.now() / 1_000) - GRACE_SECONDS);
  const taken = sql.exec("INSERT OR IGNORE INTO used (mark, until) VALUES (?, ?) RETURNING mark", mark, until);
  return taken.toArray().length > 0;
}
