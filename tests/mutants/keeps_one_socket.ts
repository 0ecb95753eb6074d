// The bug: after a wake the room keeps one socket of several, the first by name, and closes the others as left-overs.
// Must turn red: frames/compressing-client-survives-sleep.

import { Room as Real, type Env } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    const nameOf = (socket: WebSocket): string => this.attachmentOf(socket)?.name ?? "";
    const left = this.ctx.getWebSockets().sort((one, other) => nameOf(one).localeCompare(nameOf(other)));
    for (const each of left.slice(1)) each.close(1012, "restarted");
  }
}
