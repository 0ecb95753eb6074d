// The bug: who a socket belongs to is kept in a field when it joins, and asked of nothing else when it closes.
// Must turn red: client-close/attachment-can-be-read-at-the-close.

import { Room as Real, type Attachment } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #names = new Map<WebSocket, string>();

  protected override acceptHibernatable(socket: WebSocket, name: string, tags: readonly string[] = []): void {
    super.acceptHibernatable(socket, name, tags);
    this.#names.set(socket, name);
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string, clean: boolean): Promise<void> {
    socket.serializeAttachment({ name: this.#names.get(socket) ?? "", data: null } satisfies Attachment);
    await super.webSocketClose(socket, code, reason, clean);
  }
}
