// The bug: the room answers the heartbeat itself, so that each one wakes it.
// Must turn red: hibernate/ping-does-not-wake and auto-response/heartbeat-does-not-wake.

import { Room as Real, type Env } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.ctx.setWebSocketAutoResponse();
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (message === "ping") socket.send("pong");
    else await super.webSocketMessage(socket, message);
  }
}
