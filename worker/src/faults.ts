// Uncaught errors, on request; `throw` and `abort` are in the room.
// No socket is closed here, because the test is whether the runtime does.

import { text, whole } from "./fields.ts";
import type { Trials } from "./trial.ts";

const LONGEST_MS = 60_000;

export const FAULTS = {
  throw_later: (fields) => {
    const ms = whole(fields, "ms", 0, LONGEST_MS);
    const message = text(fields, "text", "thrown by a timer on request");
    return () => {
      setTimeout(() => {
        throw new Error(message);
      }, ms);
      return {};
    };
  },

  reject: (fields) => {
    const message = text(fields, "text", "rejected on request");
    return () => {
      void Promise.reject(new Error(message));
      return {};
    };
  },
} satisfies Trials;
