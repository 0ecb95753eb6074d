// How a stay in memory begins: as it should, or once, when a client has asked for it, with a constructor that fails.
// Never slows a constructor that was not told to.

import { attachmentOf, type Attachment } from "./attachments.ts";
import { oneOf } from "./fields.ts";
import type { Trials } from "./trial.ts";

const NEXT_BOOTS = ["throw", "slow", "write_then_throw"] as const;
export type NextBoot = (typeof NEXT_BOOTS)[number];

/** How long a slow constructor holds all events back: far more than any wake takes by itself. */
const SLOW_MS = 200;

/**
 * Says in storage that a socket may carry what the next constructor is to do. Not the order itself, because what a
 * constructor writes before it throws is rolled back, so that it could not be taken back; the sockets are cut then.
 */
const ORDERED = "next_boot_is_ordered";

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
  if (state.storage.kv.get(ORDERED) === undefined) return boot.finish();
  state.storage.kv.delete(ORDERED);
  const socket = state.getWebSockets().find((each) => attachmentOf(each)?.next !== undefined);
  const { next: what, ...rest } = (socket === undefined ? null : attachmentOf(socket)) ?? { name: "", data: null };
  if (what === undefined) return boot.finish();
  if (what === "slow") {
    socket?.serializeAttachment(rest satisfies Attachment);
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
    return ({ state, socket }) => {
      const own = socket();
      const { name, data } = attachmentOf(own) ?? { name: "", data: null };
      own.serializeAttachment({ name, data, next: what } satisfies Attachment);
      state.storage.kv.put(ORDERED, true);
      return { what };
    };
  },

  boot: () => ({ boot }) => ({
    ready: boot.ready,
    constructed_ms: boot.readyAfter,
    constructed_at: boot.constructedAt,
  }),
} satisfies Trials;
