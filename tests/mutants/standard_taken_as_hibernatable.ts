// The bug: the option for the standard API is read, and not used.
// Must turn red: two-apis/standard-socket-pins-its-room and two-apis/only-hibernatable-sockets-are-listed.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override acceptStandard(socket: WebSocket, name: string): void {
    this.acceptHibernatable(socket, name);
  }
}
