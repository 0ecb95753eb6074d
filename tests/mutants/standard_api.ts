// The bug: every client is taken in by the standard WebSocket API, which keeps the object in memory.
// Must turn red: hibernate/idle-room-sleeps and resume/room-sleeps-before-it-is-resumed.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override acceptHibernatable(socket: WebSocket, name: string): void {
    this.acceptStandard(socket, name);
  }
}
