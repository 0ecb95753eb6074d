// The runtime's timeout for handlers of hibernatable sockets,
// set on request of a client.

import { number } from "./fields.ts";
import type { Trials } from "./trial.ts";

export const TIMEOUTS = {
  event_timeout: (fields) => {
    const ms = number(fields, "ms");
    return ({ state }) => {
      state.setHibernatableWebSocketEventTimeout(ms);
      return { timeout_ms: state.getHibernatableWebSocketEventTimeout() };
    };
  },

  event_timeout_get: () => ({ state }) => ({ timeout_ms: state.getHibernatableWebSocketEventTimeout() }),
} satisfies Trials;
