// The bug: what clients store is kept in a field of the object, for speed, and never written down.
// Must turn red: hibernate/storage-survives-sleep and resume/kv-survives-sleep.

import type { Store } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #values = new Map<string, unknown>();

  protected override async write(store: Store, key: string, value: unknown): Promise<void> {
    this.#values.set(`${store}:${key}`, value);
  }

  protected override async read(store: Store, key: string): Promise<unknown> {
    return this.#values.get(`${store}:${key}`) ?? null;
  }
}
