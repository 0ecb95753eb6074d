// The sockets of the room by state, and the tags of one,
// from the runtime's list.

import { text, whole } from "./fields.ts";
import type { Trials } from "./trial.ts";

/** The longest reason of a close frame (RFC 6455, 5.5.1); the runtime checks which ones are legal. */
const HIGHEST_CODE = 65_535;

/** The names of readyState 0 to 3. */
const STATES = ["connecting", "open", "closing", "closed"] as const;

export const SOCKETS = {
  sockets: () => ({ state }) => {
    const found = state.getWebSockets();
    const counts = STATES.map((name, number) => [name, found.filter((socket) => socket.readyState === number).length]);
    return { count: found.length, by_state: Object.fromEntries(counts) };
  },

  /** Closes the sockets with a name. */
  kick: (fields) => {
    const name = text(fields, "name");
    const [code, reason] = [whole(fields, "code", 1000, HIGHEST_CODE), text(fields, "reason", "")];
    return ({ state }) => {
      const found = state.getWebSockets(`name:${name}`);
      for (const socket of found) socket.close(code, reason);
      return { kicked: found.length };
    };
  },

  tags: () => ({ state, socket }) => ({ tags: state.getTags(socket()) }),
} satisfies Trials;
