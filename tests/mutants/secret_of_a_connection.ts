// The bug: the first connection of a stay in memory is handed the secret for the room, and takes it with it when it goes.
// Must turn red: drop-state/secret-survives-a-drop.

import { BACKEND } from "./backend.ts";
import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  #gone = false;

  override async webSocketClose(socket: WebSocket, code: number, reason: string, clean: boolean): Promise<void> {
    this.#gone = true;
    await super.webSocketClose(socket, code, reason, clean);
  }

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "secret" || !this.#gone) return super.perform(operation, socket);
    return BACKEND.secret()({ ...this.stage(socket), env: { ...this.env, POC_API_KEY: null } });
  }
}
