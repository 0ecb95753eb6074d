// A count in a module variable, which outlives an object's memory as long as the process keeps the code loaded.
// No program should rely on it: on Cloudflare an object may come back in another process.

import type { Trials } from "./trial.ts";

const COUNTS = new Map<string, number>();

export const GLOBALS = {
  global: () => ({ state }) => {
    const room = state.id.toString();
    const count = (COUNTS.get(room) ?? 0) + 1;
    COUNTS.set(room, count);
    return { global: count };
  },
} satisfies Trials;
