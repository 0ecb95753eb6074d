// The bug: after a wake every socket is given what the first of them carries (a loop that keeps its variable).
// Must turn red: attachments/each-socket-has-its-own-attachment.

import { Room as Real, type Attachment } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #woken = this.ctx.getWebSockets();

  protected override attachmentOf(socket: WebSocket): Attachment | null {
    return super.attachmentOf(this.#woken.includes(socket) ? (this.#woken[0] ?? socket) : socket);
  }
}
