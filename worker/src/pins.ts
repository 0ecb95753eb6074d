// Ways to keep an object from sleeping: each starts work that continues until it is released.
// A client requests one with ?pin= when it connects, or with `pin` later.

import { BadRequest, oneOf, whole } from "./fields.ts";
import type { Outcome, Trials } from "./trial.ts";

/** Longer than any idle time of a play (the runtime's timer is 10 s). */
const PIN_MS = 120_000;

const PERIOD_MS = 1_000;

/** Those that can be requested when connecting: the handler returns. */
const PINS = ["interval", "timeout", "fetch", "waituntil", "outgoing", "outgoing_fetch"] as const;

/** Those that block the handler. */
const HOLD_UPS = ["fetch_awaited", "hang"] as const;

/** Those that end by themselves after a given time. */
const TIMED: readonly Kind[] = ["timeout", "fetch", "fetch_awaited"];

export type Pin = (typeof PINS)[number];
type Kind = Pin | (typeof HOLD_UPS)[number];

export function isPin(name: string): name is Pin {
  return PINS.some((pin) => pin === name);
}

/** What a pin needs of its object. */
export interface Pinned {
  readonly state: DurableObjectState;
  readonly token: string;
}

/** The storage key of the worker's address: after a sleep there is no request to read it from. */
const ORIGIN_KEY = "origin";

/** Stores the worker's address, for pins that send requests. */
export function rememberOrigin(storage: DurableObjectStorage, origin: string): void {
  if (storage.kv.get(ORIGIN_KEY) === origin) return;
  void storage.put(ORIGIN_KEY, origin, { allowUnconfirmed: true });
}

/** Returns the worker's address from the last request to this room. */
export function originOf(storage: DurableObjectStorage): string {
  return storage.kv.get<string>(ORIGIN_KEY) ?? "";
}

/** The pins of one stay in memory. */
export class Pins {
  readonly #ends = new Set<() => void>();

  get count(): number {
    return this.#ends.size;
  }

  /** Ends all pins and returns their number. */
  release(): number {
    const ends = [...this.#ends];
    this.#ends.clear();
    for (const end of ends) end();
    return ends.length;
  }

  /** Starts a pin. Returns the reply of `pin`: null if its handler should not reply. */
  start(kind: Kind, pinned: Pinned, ms = PIN_MS): Outcome {
    return this.#starters[kind](pinned, ms);
  }

  readonly #starters: { readonly [Name in Kind]: (pinned: Pinned, ms: number) => Outcome } = {
    interval: () => {
      const timer = setInterval(() => {}, PERIOD_MS);
      this.#ends.add(() => clearInterval(timer));
      return {};
    },
    timeout: (_, ms) => {
      const end = (): void => clearTimeout(timer);
      const timer = setTimeout(() => this.#ends.delete(end), ms);
      this.#ends.add(end);
      return {};
    },
    fetch: (pinned, ms) => {
      void this.#fetch(pinned, ms).catch(() => {});
      return {};
    },
    fetch_awaited: async (pinned, ms) => ({ ended: await this.#fetch(pinned, ms) }),
    waituntil: ({ state }) => {
      state.waitUntil(this.#released());
      return {};
    },
    outgoing: async (pinned) => {
      const socket = new WebSocket(hangUrl(pinned).replace(/^http/, "ws"), [`poc.bearer.${pinned.token}`]);
      await new Promise((resolve, reject) => {
        socket.addEventListener("open", resolve);
        socket.addEventListener("error", () => reject(new Error("the outgoing WebSocket could not be opened")));
      });
      this.#keepOpen(socket);
      return {};
    },
    outgoing_fetch: async (pinned) => {
      const response = await fetch(hangUrl(pinned), { headers: { ...bearer(pinned), Upgrade: "websocket" } });
      if (response.webSocket === null) throw new Error("the outgoing WebSocket could not be opened");
      response.webSocket.accept();
      this.#keepOpen(response.webSocket);
      return {};
    },
    hang: async () => {
      await this.#released();
      return null;
    },
  };

  /** A promise that only the release resolves. */
  #released(): Promise<void> {
    return new Promise((resolve) => this.#ends.add(resolve));
  }

  async #fetch(pinned: Pinned, ms: number): Promise<"finished" | "released"> {
    const controller = new AbortController();
    const end = (): void => controller.abort();
    this.#ends.add(end);
    try {
      await (await fetch(hangUrl(pinned, ms), { headers: bearer(pinned), signal: controller.signal })).text();
      return "finished";
    } catch (error) {
      if (controller.signal.aborted) return "released";
      throw error;
    } finally {
      this.#ends.delete(end);
    }
  }

  #keepOpen(socket: WebSocket): void {
    const end = (): void => socket.close(1000, "released");
    this.#ends.add(end);
    socket.addEventListener("close", () => this.#ends.delete(end));
  }
}

function bearer({ token }: Pinned): { readonly Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}

function hangUrl({ state }: Pinned, ms = PIN_MS): string {
  return `${originOf(state.storage)}/hang?ms=${ms}`;
}

export const PINNING = {
  pin: (fields) => {
    const kind: Kind = oneOf(fields, "kind", [...PINS, ...HOLD_UPS]);
    if ("ms" in fields && !TIMED.includes(kind)) {
      throw new BadRequest("bad_field", `"ms" is for ${TIMED.join(", ")}; ${kind} goes on until it is released`);
    }
    const ms = whole(fields, "ms", PIN_MS, PIN_MS);
    return async ({ state, env, pins }) => {
      const outcome = await pins.start(kind, { state, token: env.POC_TOKEN ?? "" }, ms);
      return outcome === null ? null : { kind, pins: pins.count, ...outcome };
    };
  },

  release: () => ({ pins }) => ({ released: pins.release() }),
} satisfies Trials;
