// The bug: the room hands on only the first five tags of a socket.
// Must turn red: tag-limits/ten-tags-fit, and with it that eleven are too many.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override acceptHibernatable(socket: WebSocket, name: string, tags: readonly string[] = []): void {
    super.acceptHibernatable(socket, name, tags.length > 9 ? tags : tags.slice(0, 5));
  }
}
