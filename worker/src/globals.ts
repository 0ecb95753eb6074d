// A count in a variable of the module, which outlives an object's memory for as long as the process keeps the code.
// Never anything that a program should rely on: on Cloudflare an object may come back in another process.

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
