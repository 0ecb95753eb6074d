// The bug: an alarm is acknowledged and never set.
// Must turn red: alarm/alarm-fires-after-sleep.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    return operation.op === "alarm" ? {} : super.perform(operation, socket);
  }
}
