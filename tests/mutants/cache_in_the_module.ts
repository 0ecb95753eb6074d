// The bug: what is read is kept in a variable of the module, by its key alone; all rooms of a process share it.
// Must turn red: names-isolated/names-keep-rows-of-their-own.

import type { Store } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

const CACHE = new Map<string, unknown>();

export class Room extends Real {
  protected override async write(store: Store, key: string, value: unknown): Promise<void> {
    await super.write(store, key, value);
    CACHE.set(key, value);
  }

  protected override async read(store: Store, key: string): Promise<unknown> {
    if (!CACHE.has(key)) CACHE.set(key, await super.read(store, key));
    return CACHE.get(key);
  }
}
