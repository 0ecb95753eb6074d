// The bug: hibernation is an option that a subclass forgot to switch on, and its sockets are standard ones.
// Must turn red: two-apis/hibernating-room-sleeps.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override acceptHibernatable(socket: WebSocket, name: string): void {
    this.acceptStandard(socket, name);
  }
}
