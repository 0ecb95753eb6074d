// Rooms that subscribe to another room: each asks the other by RPC, and both may sleep meanwhile.
// Who has subscribed is in SQLite, because a sleep ends with what is only in memory.

import type { Env } from "./env.ts";
import { text } from "./fields.ts";
import type { Trials } from "./trial.ts";

/** Created at first use, because the constructor delays every wake. */
const SUBSCRIBERS = "CREATE TABLE IF NOT EXISTS subscribers (room TEXT PRIMARY KEY)";

/** The storage key of the room that this one has subscribed to. */
const TOPIC = "topic";

export function addSubscriber(sql: SqlStorage, room: string): void {
  sql.exec(SUBSCRIBERS);
  sql.exec("INSERT OR IGNORE INTO subscribers (room) VALUES (?)", room);
}

export function removeSubscriber(sql: SqlStorage, room: string): void {
  sql.exec(SUBSCRIBERS);
  sql.exec("DELETE FROM subscribers WHERE room = ?", room);
}

export function subscribersOf(sql: SqlStorage): string[] {
  sql.exec(SUBSCRIBERS);
  return sql.exec<{ room: string }>("SELECT room FROM subscribers ORDER BY room").toArray().map(({ room }) => room);
}

/**
 * Ends the subscription of a room whose last client leaves. Before the close is answered: a call by RPC that the handler
 * makes after the last socket is closed keeps the room in memory for as long as the other one is (workerd 2026-11-17).
 */
export async function leaveTopic(state: DurableObjectState, env: Env, leaving: WebSocket): Promise<void> {
  const topic = state.storage.kv.get<string>(TOPIC);
  const own = state.id.name;
  if (topic === undefined || own === undefined) return;
  if (state.getWebSockets().some((socket) => socket !== leaving && socket.readyState === WebSocket.OPEN)) return;
  state.storage.kv.delete(TOPIC);
  await env.ROOM.getByName(topic).unsubscribe(own);
}

export const SUBSCRIPTIONS = {
  subscribe: (fields) => {
    const topic = text(fields, "to");
    return async ({ state, env }) => {
      state.storage.kv.put(TOPIC, topic);
      await env.ROOM.getByName(topic).subscribe(state.id.name ?? "");
      return { topic };
    };
  },

  subscribers: () => ({ state }) => ({ subscribers: subscribersOf(state.storage.sql) }),
} satisfies Trials;
