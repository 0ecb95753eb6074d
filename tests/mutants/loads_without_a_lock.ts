// The bug: a room that wakes is set up by the first message, not in the constructor, and nothing holds back those that
// come while it is being set up: each of them sets it up again.
// Must turn red: burst-while-asleep/one-boot-for-a-burst and crowd-while-asleep/one-boot-for-a-crowd.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

/** As long as a slow read from elsewhere takes, and longer than a burst. */
const SETTING_UP_MS = 200;

export class Room extends Real {
  #isSetUp = this.ctx.getWebSockets().length === 0;

  protected override countBoot(): void {
    if (this.ctx.getWebSockets().length === 0) super.countBoot();
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (!this.#isSetUp) {
      await scheduler.wait(SETTING_UP_MS);
      super.countBoot();
      this.#isSetUp = true;
    }
    await super.webSocketMessage(socket, message);
  }
}
