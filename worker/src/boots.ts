// How a stay in memory begins: as it should, or once, when a client has asked for it, with a constructor that fails.
// Never slows a constructor that was not told to.

import { oneOf } from "./fields.ts";
import type { Trials } from "./trial.ts";

const NEXT_BOOTS = ["throw", "slow", "write_then_throw"] as const;
type NextBoot = (typeof NEXT_BOOTS)[number];

/** How long a slow constructor holds all events back: far more than any wake takes by itself. */
const SLOW_MS = 200;

/** What the next constructor is to do, by object. In the module, because it must outlive the object's memory. */
const NEXT = new Map<string, NextBoot>();

export class Boot {
  readonly constructedAt = Date.now();
  /** The time from the constructor's beginning until events are let in; null until then. */
  readyAfter: number | null = null;

  get ready(): boolean {
    return this.readyAfter !== null;
  }

  finish(): void {
    this.readyAfter = Date.now() - this.constructedAt;
  }
}

/** Begins a stay in memory; called last in the constructor. Throws where a client has asked for that. */
export function begin(state: DurableObjectState, boot: Boot): void {
  const what = NEXT.get(state.id.toString());
  if (what === undefined) return boot.finish();
  NEXT.delete(state.id.toString());
  if (what === "slow") {
    void state.blockConcurrencyWhile(async () => {
      await scheduler.wait(SLOW_MS);
      boot.finish();
    });
    return;
  }
  if (what === "write_then_throw") {
    state.storage.sql.exec("INSERT OR REPLACE INTO entries (key, value) VALUES ('next_boot', '\"written\"')");
  }
  throw new Error("the constructor throws on request");
}

export const BOOTS = {
  next_boot: (fields) => {
    const what = oneOf(fields, "what", NEXT_BOOTS);
    return ({ state }) => {
      NEXT.set(state.id.toString(), what);
      return { what };
    };
  },

  boot: () => ({ boot }) => ({
    ready: boot.ready,
    constructed_ms: boot.readyAfter,
    constructed_at: boot.constructedAt,
  }),
} satisfies Trials;
