// A room's data in SQLite: its messages, and tokens that may be used once.
// All of it is synchronous, like SQLite in a Durable Object, so that reading and subscribing happen at one moment.

import type { Message } from "./message.ts";

type Row = Record<keyof Message, SqlStorageValue>;

export class Messages {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const columns = "id INTEGER PRIMARY KEY AUTOINCREMENT, user TEXT, text TEXT, at INTEGER";
    sql.exec(`CREATE TABLE IF NOT EXISTS messages (${columns})`);
  }

  add(user: string, text: string): Message {
    const query = "INSERT INTO messages (user, text, at) VALUES (?, ?, ?) RETURNING *";
    return this.#sql.exec<Row>(query, user, text, Date.now()).one() as unknown as Message;
  }

  /** Returns all messages after the one with that id, oldest first. */
  after(id: number): Message[] {
    return this.#sql.exec<Row>("SELECT * FROM messages WHERE id > ? ORDER BY id", id).toArray() as unknown as Message[];
  }

  /** Returns the latest messages, oldest first. */
  latest(limit: number): Message[] {
    const query = "SELECT * FROM (SELECT * FROM messages ORDER BY id DESC LIMIT ?) ORDER BY id";
    return this.#sql.exec<Row>(query, limit).toArray() as unknown as Message[];
  }
}

/** Used tickets and nonces, kept until they would be rejected as too old anyway. */
export class Spent {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    sql.exec("CREATE TABLE IF NOT EXISTS spent (token TEXT PRIMARY KEY, until INTEGER)");
  }

  /** Spends a token and returns whether this was its first use; `until` is in seconds since 1970. */
  spend(token: string, until: number): boolean {
    this.#sql.exec("DELETE FROM spent WHERE until < ?", Date.now() / 1000);
    return this.#sql.exec("INSERT OR IGNORE INTO spent VALUES (?, ?)", token, Math.ceil(until)).rowsWritten > 0;
  }
}
