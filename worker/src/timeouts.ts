// How long the runtime lets a handler of a hibernatable socket work before it cancels it.
// Never set unless a client asks for it.

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
