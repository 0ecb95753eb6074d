// The bug: the event timeout is kept in a field, which starts anew with each stay in memory.
// Must turn red: event-timeout/event-timeout-survives-sleep.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  #timeout: number | null = null;

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op === "event_timeout_get") return { timeout_ms: this.#timeout };
    const result = await super.perform(operation, socket);
    if (operation.op === "event_timeout") this.#timeout = this.ctx.getHibernatableWebSocketEventTimeout();
    return result;
  }
}
