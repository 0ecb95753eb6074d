// No bug: the auto-response is set at the first message instead of at once, and that is before any sleep.
// Must turn red: nothing.

import { Room as Real, type Env } from "./room.ts";

export { default } from "./index.ts";

const AUTO_RESPONSE = new WebSocketRequestResponsePair("ping", "pong");

export class Room extends Real {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    if (this.ctx.getWebSockets().length === 0) this.ctx.setWebSocketAutoResponse();
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    this.ctx.setWebSocketAutoResponse(AUTO_RESPONSE);
    await super.webSocketMessage(socket, message);
  }
}
