// No bug: each message starts a timer of four seconds, which puts the sleep off and prevents none.
// Must turn red: nothing.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

const TIMER_MS = 4_000;

export class Room extends Real {
  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await super.webSocketMessage(socket, message);
    setTimeout(() => {}, TIMER_MS);
  }
}
