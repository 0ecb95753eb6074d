// The bug: what a client says goes back to the client that said it, and to nobody else.
// Must turn red: stateless/connections-to-a-room-hear-each-other.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "say") return super.perform(operation, socket);
    const said = this.log.append(operation.text);
    this.send(this.socketOf(socket), { event: "said", ...said, ...this.self() });
    return { ...said, reached: 1 };
  }
}
