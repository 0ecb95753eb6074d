// The bug: the time of the last heartbeat is kept in storage when it is first asked for, and never asked for again.
// Must turn red: auto-response-pair/timestamp-moves-while-asleep.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "auto_timestamp") return super.perform(operation, socket);
    const own = this.socketOf(socket);
    const key = `seen:${this.attachmentOf(own)?.name}`;
    const timestamp = this.ctx.storage.kv.get<number>(key) ?? this.ctx.getWebSocketAutoResponseTimestamp(own)?.getTime();
    if (timestamp !== undefined) this.ctx.storage.kv.put(key, timestamp);
    return { timestamp: timestamp ?? null };
  }
}
