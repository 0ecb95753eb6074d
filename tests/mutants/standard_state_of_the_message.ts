// The bug: state is set up anew for each event of a standard socket, as if each were a request of its own.
// Must turn red: two-apis/standard-room-keeps-its-memory.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override acceptStandard(socket: WebSocket, name: string): void {
    socket.addEventListener("message", () => (this.counter = 0));
    super.acceptStandard(socket, name);
  }
}
