// The bug: the room has an auto-response, and its old handler of pings is still there and sends pongs of its own.
// Must turn red: pings-among-sends/each-ping-is-answered.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override send(socket: WebSocket, message: object): void {
    super.send(socket, message);
    if ("op" in message && message.op === "echo") socket.send("pong");
  }
}
