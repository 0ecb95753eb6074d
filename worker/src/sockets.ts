// The sockets that the runtime keeps for the room, by state, and the tags of one.
// Never keeps a list of its own.

import type { Trials } from "./trial.ts";

/** The names of readyState 0 to 3. */
const STATES = ["connecting", "open", "closing", "closed"] as const;

export const SOCKETS = {
  sockets: () => ({ state }) => {
    const found = state.getWebSockets();
    const counts = STATES.map((name, number) => [name, found.filter((socket) => socket.readyState === number).length]);
    return { count: found.length, by_state: Object.fromEntries(counts) };
  },

  tags: () => ({ state, socket }) => ({ tags: state.getTags(socket()) }),
} satisfies Trials;
