// A write that waits for a moment, as a debounce does: its timer pins the object, and a reset loses it.

import { writeEntry } from "./entries.ts";
import { given, text, whole } from "./fields.ts";
import type { Trials } from "./trial.ts";

const LONGEST_MS = 60_000;

export const LATER = {
  put_later: (fields) => {
    const [key, value, ms] = [text(fields, "key"), given(fields, "value"), whole(fields, "ms", 1_000, LONGEST_MS)];
    return ({ state }) => {
      setTimeout(() => void writeEntry(state.storage, "sql", key, value), ms);
      return { key };
    };
  },
} satisfies Trials;
