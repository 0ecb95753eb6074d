// The bug: what belongs into the constructor is done when the first request comes; a message that wakes the object
// does without. Must turn red: constructor/wake-runs-the-constructor.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  #isSetUp = false;

  protected override countBoot(): void {}

  override async fetch(request: Request): Promise<Response> {
    if (!this.#isSetUp) super.countBoot();
    this.#isSetUp = true;
    return super.fetch(request);
  }
}
