// Closes and errors that the runtime told the room of, in SQLite, so that they can be asked for after a sleep.
// Never answers them; the room does that first.

import { attachmentOf } from "./attachments.ts";
import type { Trials } from "./trial.ts";

/** One close or error. An error has a reason and nothing else. */
interface SocketEvent {
  readonly kind: "close" | "error";
  readonly code: number | null;
  readonly reason: string;
  readonly clean: boolean | null;
}

type Row = { n: number; kind: string; code: number | null; reason: string; clean: number | null; name: string };

/** Made when it is first used: the constructor is on the way of every wake. */
const TABLE = `CREATE TABLE IF NOT EXISTS events (
  n INTEGER PRIMARY KEY, kind TEXT NOT NULL, code INTEGER, reason TEXT NOT NULL, clean INTEGER,
  name TEXT NOT NULL, instance TEXT NOT NULL
)`;

/** Keeps an event of a socket with the instance that was told of it. */
export function record(sql: SqlStorage, instance: string, socket: WebSocket, event: SocketEvent): void {
  sql.exec(TABLE);
  sql.exec(
    "INSERT INTO events (kind, code, reason, clean, name, instance) VALUES (?, ?, ?, ?, ?, ?)",
    event.kind,
    event.code,
    event.reason,
    event.clean === null ? null : Number(event.clean),
    attachmentOf(socket)?.name ?? "",
    instance,
  );
}

export const EVENTS = {
  events: () => ({ state }) => {
    state.storage.sql.exec(TABLE);
    const rows = state.storage.sql.exec<Row>("SELECT * FROM events ORDER BY n").toArray();
    return { events: rows.map((row) => ({ ...row, clean: row.clean === null ? null : row.clean === 1 })) };
  },
} satisfies Trials;
