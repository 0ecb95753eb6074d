// The messages of the room, in SQLite, so that a client can request what it missed.
// The room sends them.

/** One message of the room; `seq` counts from 1 without gaps. */
export interface Said {
  readonly seq: number;
  readonly text: unknown;
}

type Row = { seq: number; text: string };

export class Log {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#sql.exec("CREATE TABLE IF NOT EXISTS said (seq INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL)");
  }

  /** Stores a message and returns its number. */
  append(text: unknown): Said {
    const row = this.#sql.exec<Row>("INSERT INTO said (text) VALUES (?) RETURNING seq, text", JSON.stringify(text)).one();
    return { seq: row.seq, text };
  }

  /** Returns the messages after a number, in order. */
  since(seq: number): Said[] {
    const rows = this.#sql.exec<Row>("SELECT seq, text FROM said WHERE seq > ? ORDER BY seq", seq).toArray();
    return rows.map((row) => ({ seq: row.seq, text: JSON.parse(row.text) }));
  }
}
