// The bug: the room looks after its members by an alarm while there are any, and never takes one off the list.
// Must turn red: empty-room/nobody-wakes-an-empty-room, and the claims of quiet-room, since it wakes for those who are there.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

const PERIOD_MS = 12_000;

export class Room extends Real {
  protected override join(url: URL): Response {
    this.ctx.storage.kv.put("members", [...this.#members(), url.searchParams.get("name") ?? ""]);
    void this.ctx.storage.setAlarm(Date.now() + PERIOD_MS);
    return super.join(url);
  }

  override async alarm(): Promise<void> {
    if (this.#members().length > 0) await this.ctx.storage.setAlarm(Date.now() + PERIOD_MS);
  }

  #members(): string[] {
    return this.ctx.storage.kv.get<string[]>("members") ?? [];
  }
}
