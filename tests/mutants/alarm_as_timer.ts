// The bug: an alarm is a timer of the process, and the time at which it is due is a field.
// Must turn red: alarm-after-crash/alarm-fires-after-crash and its like after the other faults.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  #due: number | null = null;

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op === "alarm_get") return { alarm: this.#due };
    if (operation.op !== "alarm") return super.perform(operation, socket);
    this.#due = Date.now() + operation.in_ms;
    setTimeout(() => void this.alarm(), operation.in_ms);
    return {};
  }
}
