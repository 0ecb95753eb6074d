// A sweep that closes clients which have been silent for too long, by what the runtime remembers of their pings.
// What the room itself remembers would be gone after a sleep, and healthy clients with it.

import { whole } from "./fields.ts";
import type { Trials } from "./trial.ts";

/** The code with which a silent client is closed. */
const STALE = 4008;

const DEFAULT_MS = 30_000;
const LONGEST_MS = 86_400_000;

/** When a socket was last answered by the auto-response, in milliseconds since 1970; null if never. */
export type LastPing = (socket: WebSocket) => number | null;

export function sweep(sockets: readonly WebSocket[], olderMs: number, last: LastPing): number {
  const silent = sockets.filter((socket) => Date.now() - (last(socket) ?? 0) > olderMs);
  for (const socket of silent) socket.close(STALE, "silent for too long");
  return silent.length;
}

export const LIVENESS = {
  sweep: (fields) => {
    const olderMs = whole(fields, "older_ms", DEFAULT_MS, LONGEST_MS);
    return ({ state }) => ({
      closed: sweep(
        state.getWebSockets(),
        olderMs,
        (socket) => state.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? null,
      ),
    });
  },
} satisfies Trials;
