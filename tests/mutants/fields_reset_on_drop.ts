// The bug: a connection that broke makes the room set its fields back, though others go on.
// Must turn red: drop-state/fields-survive-a-drop.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  override async webSocketClose(socket: WebSocket, code: number, reason: string, clean: boolean): Promise<void> {
    await super.webSocketClose(socket, code, reason, clean);
    if (code === 1006) this.counter = 0;
  }
}
