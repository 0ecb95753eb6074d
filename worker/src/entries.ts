// The storage of `put` and `get`: a SQL table, the synchronous KV API, or the asynchronous one.
// No value is cached in memory.

/** The stores by the names that clients use. */
export const STORES = ["sql", "kv", "put"] as const;
export type Store = (typeof STORES)[number];

export function makeEntries(sql: SqlStorage): void {
  sql.exec("CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL)");
}

export async function writeEntry(
  storage: DurableObjectStorage,
  store: Store,
  key: string,
  value: unknown,
): Promise<void> {
  switch (store) {
    case "sql":
      storage.sql.exec(
        "INSERT INTO entries (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        key,
        JSON.stringify(value),
      );
      return;
    case "kv":
      storage.kv.put(`kv:${key}`, value);
      return;
    case "put":
      await storage.put(`put:${key}`, value);
      return;
  }
}

/** Returns the value, or null if there is none. */
export async function readEntry(storage: DurableObjectStorage, store: Store, key: string): Promise<unknown> {
  switch (store) {
    case "sql": {
      const [row] = storage.sql.exec<{ value: string }>("SELECT value FROM entries WHERE key = ?", key);
      return row === undefined ? null : JSON.parse(row.value);
    }
    case "kv":
      return storage.kv.get(`kv:${key}`) ?? null;
    case "put":
      return (await storage.get(`put:${key}`)) ?? null;
  }
}
