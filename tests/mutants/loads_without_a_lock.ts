// The bug: a room that wakes is set up by the first message, not in the constructor, and nothing holds back those that
// come while it is being set up: each of them sets it up again.
// Must turn red: burst-while-asleep/one-boot-for-a-burst and crowd-while-asleep/one-boot-for-a-crowd.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

/** As long as a slow read from elsewhere takes, and long enough for two messages to meet in it. */
const SETTING_UP_MS = 1_000;

export class Room extends Real {
  #isSetUp = this.ctx.getWebSockets().length === 0;
  #settingUp = 0;

  protected override countBoot(): void {
    if (this.ctx.getWebSockets().length === 0) super.countBoot();
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (!this.#isSetUp || this.#settingUp > 0) {
      this.#settingUp += 1;
      await scheduler.wait(SETTING_UP_MS);
      super.countBoot();
      this.#settingUp -= 1;
      this.#isSetUp = true;
    }
    await super.webSocketMessage(socket, message);
  }
}
