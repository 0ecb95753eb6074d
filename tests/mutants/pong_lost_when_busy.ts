// The bug: the room answers heartbeats itself, and drops one that comes while it is busy with another message.
// Must turn red: pong-order/heartbeats-between-messages-are-answered.

import { Room as Real, type Env } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  #last = "";

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.ctx.setWebSocketAutoResponse();
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (message !== "ping") {
      this.#last = String(message);
      return super.webSocketMessage(socket, message);
    }
    if (!this.#last.includes('"id":"b25"')) socket.send("pong");
  }
}
