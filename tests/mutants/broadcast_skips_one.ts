// The bug: after a wake the room leaves out one of the sockets that it finds, though it counts them all.
// Must turn red: broadcast/broadcast-finds-all-after-sleep and push-from-backend/push-reaches-all.

import { Room as Real, type Env } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #left: WebSocket | undefined;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    // The last by its name, because the order in which they connected is nobody's choice.
    const name = (socket: WebSocket): string => this.attachmentOf(socket)?.name ?? "";
    this.#left = this.ctx.getWebSockets().sort((one, other) => name(one).localeCompare(name(other))).at(-1);
  }

  protected override toAll(message: object): number {
    const open = this.ctx.getWebSockets().filter((socket) => socket.readyState === WebSocket.OPEN);
    for (const socket of open) if (socket !== this.#left) this.send(socket, message);
    return open.length;
  }
}
