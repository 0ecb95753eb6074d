// The bug: the room makes an ArrayBuffer only of what comes from a client that joined in this stay, which a list in memory says.
// Must turn red: binary-type/it-is-an-arraybuffer-after-a-sleep-too.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  private readonly joined: WebSocket[] = [];

  protected override acceptHibernatable(socket: WebSocket, name: string, tags: readonly string[] = []): void {
    this.joined.push(socket);
    super.acceptHibernatable(socket, name, tags);
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (typeof message === "string" || this.joined.includes(socket)) return super.webSocketMessage(socket, message);
    this.send(socket, { op: "kind", ok: true, kind: "Blob" });
  }
}
