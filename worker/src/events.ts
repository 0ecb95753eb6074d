// Closes and errors that the runtime reported to the room, in SQLite, so that they can be read after a sleep.
// The room handles them first.

import { attachmentOf } from "./attachments.ts";
import type { Trials } from "./trial.ts";

/** One close or error. An error has only a reason. */
interface SocketEvent {
  readonly kind: "close" | "error";
  readonly code: number | null;
  readonly reason: string;
  readonly clean: boolean | null;
}

type Row = { n: number; kind: string; code: number | null; reason: string; clean: number | null; name: string };

/** Created at first use, because the constructor delays every wake. */
const TABLE = `CREATE TABLE IF NOT EXISTS events (
  n INTEGER PRIMARY KEY, kind TEXT NOT NULL, code INTEGER, reason TEXT NOT NULL, clean INTEGER,
  name TEXT NOT NULL, instance TEXT NOT NULL
)`;

/** Stores an event of a socket with the instance that received it. */
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
