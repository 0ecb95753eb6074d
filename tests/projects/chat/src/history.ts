import type { Line } from "./protocol";

/** What has been said in a room, in the room's own database. */
export class History {
  constructor(
    private readonly sql: SqlStorage,
    private readonly limit: number,
  ) {
    sql.exec("CREATE TABLE IF NOT EXISTS lines (n INTEGER PRIMARY KEY, author TEXT NOT NULL, text TEXT NOT NULL)");
  }

  add(from: string, text: string): Line {
    const { n } = this.sql
      .exec<{ n: number }>("INSERT INTO lines (author, text) VALUES (?, ?) RETURNING n", from, text)
      .one();
    return { n, from, text };
  }

  last(): Line[] {
    const rows = this.sql.exec<{ n: number; author: string; text: string }>(
      "SELECT n, author, text FROM lines ORDER BY n DESC LIMIT ?",
      this.limit,
    );
    return [...rows].map(({ n, author, text }) => ({ n, from: author, text })).reverse();
  }
}
