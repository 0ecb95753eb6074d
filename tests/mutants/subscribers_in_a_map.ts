// The bug: who has subscribed is only in a field, which the publishing room loses when it sleeps.
// Must turn red: subscribed-rooms/subscribers-survive-the-sleep.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #rooms = new Set<string>();

  override async subscribe(room: string): Promise<void> {
    this.#rooms.add(room);
  }

  override async unsubscribe(room: string): Promise<void> {
    this.#rooms.delete(room);
  }

  protected override subscribers(): string[] {
    return [...this.#rooms];
  }
}
