// The bug: what belongs to a socket is kept in a Map that is filled when a client joins, and never again after a wake.
// Must turn red: hibernate/attachments-survive-sleep.

import type { Operation } from "./messages.ts";
import { Room as Real, type Attachment } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  readonly #seats = new Map<WebSocket, Attachment>();

  protected override acceptHibernatable(socket: WebSocket, name: string): void {
    super.acceptHibernatable(socket, name);
    this.#seats.set(socket, { name, data: null });
  }

  protected override attachmentOf(socket: WebSocket): Attachment | null {
    return this.#seats.get(socket) ?? null;
  }

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op === "attach" && socket !== null) {
      this.#seats.set(socket, { name: this.attachmentOf(socket)?.name ?? "", data: operation.data });
      return {};
    }
    return super.perform(operation, socket);
  }
}
