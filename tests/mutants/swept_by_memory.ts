// The bug: a sweep goes by what the room itself has heard, and it hears no ping while it sleeps.
// Must turn red: the claims of liveness-sweep.

import { sweep } from "./liveness.ts";
import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #heard = new Map<WebSocket, number>();

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    this.#heard.set(socket, Date.now());
    await super.webSocketMessage(socket, message);
  }

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "sweep") return super.perform(operation, socket);
    return { closed: sweep(this.ctx.getWebSockets(), 30_000, (each) => this.#heard.get(each) ?? null) };
  }
}
