// The bug: a call to the API is given up by AbortSignal.timeout, whose timer goes on when the answer has come.
// Must turn red: finished-fetch/finished-fetch-pins-nothing.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

const GIVEN_UP_AFTER_MS = 60_000;

export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op === "call") {
      await fetch(`${this.env.POC_API_ORIGIN}/health`, { signal: AbortSignal.timeout(GIVEN_UP_AFTER_MS) });
    }
    return super.perform(operation, socket);
  }
}
