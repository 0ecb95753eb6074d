// The bug: from the first client on the room sets itself an alarm every 300 ms, and so it is never idle.
// Must turn red: what says that the room sleeps, such as hibernate/idle-room-sleeps.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

const EVERY_MS = 300;

export class Room extends Real {
  protected override acceptHibernatable(socket: WebSocket, name: string): void {
    super.acceptHibernatable(socket, name);
    void this.ctx.storage.setAlarm(Date.now() + EVERY_MS);
  }

  override async alarm(): Promise<void> {
    await super.alarm();
    await this.ctx.storage.setAlarm(Date.now() + EVERY_MS);
  }
}
