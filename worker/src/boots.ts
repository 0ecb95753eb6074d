// The start of a stay in memory: normal, or, once and on request of a client,
// with a constructor that is slow or fails.

import { attachmentOf, type Attachment } from "./attachments.ts";
import { oneOf } from "./fields.ts";
import type { Trials } from "./trial.ts";

const NEXT_BOOTS = ["throw", "slow", "write_then_throw"] as const;
export type NextBoot = (typeof NEXT_BOOTS)[number];

/** How long a slow constructor blocks events: much longer than any normal wake. */
const SLOW_MS = 200;

/**
 * Records in storage that a socket may have an order for the next constructor. Not the order itself, because writes of
 * a constructor that throws are rolled back, so it could not be deleted; the sockets are closed then.
 */
const ORDERED = "next_boot_is_ordered";

export class Boot {
  readonly constructedAt = Date.now();
  /** The time from the start of the constructor until events are delivered; null until then. */
  readyAfter: number | null = null;

  get ready(): boolean {
    return this.readyAfter !== null;
  }

  finish(): void {
    this.readyAfter = Date.now() - this.constructedAt;
  }
}

/** Starts a stay in memory; called last in the constructor. Throws if a client has requested that. */
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
