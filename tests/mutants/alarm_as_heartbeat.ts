// The bug: an alarm that sets itself again is the room's heartbeat, so that it is woken five times a minute for nothing.
// Must turn red: the claims of quiet-room, and empty-room/nobody-wakes-an-empty-room.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

/** Longer than the ten seconds after which a room sleeps. */
const PERIOD_MS = 12_000;

export class Room extends Real {
  protected override join(url: URL): Response {
    void this.ctx.storage.setAlarm(Date.now() + PERIOD_MS);
    return super.join(url);
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + PERIOD_MS);
  }
}
