// The bug: heartbeats are left to the auto-response, which sockets of the standard API do not have.
// Must turn red: two-apis/both-answer-alike.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override acceptStandard(socket: WebSocket, name: string): void {
    socket.accept();
    socket.serializeAttachment({ name, data: null });
    socket.addEventListener("message", ({ data }) => void this.webSocketMessage(socket, data));
    socket.addEventListener("close", ({ code, reason }) => socket.close(code, reason));
  }
}
