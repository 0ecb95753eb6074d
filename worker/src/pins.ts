// Ways to keep an object from sleeping, for the controls: each starts one piece of work that never ends by itself.
// Never used unless a client asks for it with ?pin=.

/** Long enough to outlive every idle window of a play (the runtime's timer is 10 s). */
const PIN_MS = 120_000;

export const PINS = ["interval", "timeout", "fetch", "waituntil", "outgoing"] as const;
export type Pin = (typeof PINS)[number];

export function isPin(name: string): name is Pin {
  return PINS.some((pin) => pin === name);
}

/** What a pin needs of the object that it keeps awake. */
export interface Pinned {
  readonly state: DurableObjectState;
  /** The worker's own address, for the pins that leave the object. */
  readonly origin: string;
  readonly token: string;
}

export const PIN_STARTERS: { readonly [Name in Pin]: (pinned: Pinned) => void } = {
  interval: () => {
    setInterval(() => {}, 1_000);
  },
  timeout: () => {
    setTimeout(() => {}, PIN_MS);
  },
  fetch: ({ origin, token }) => {
    void fetch(`${origin}/hang?ms=${PIN_MS}`, { headers: { Authorization: `Bearer ${token}` } }).catch(() => {});
  },
  waituntil: ({ state }) => {
    state.waitUntil(new Promise(() => {}));
  },
  outgoing: ({ origin, token }) => {
    new WebSocket(`${origin.replace(/^http/, "ws")}/hang`, [`poc.bearer.${token}`]);
  },
};
