// The bug: a socket whose tags the runtime refuses is accepted without any.
// Must turn red: the claims of tag-limits that too many or too long tags are refused.

import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override acceptHibernatable(socket: WebSocket, name: string, tags: readonly string[] = []): void {
    try {
      super.acceptHibernatable(socket, name, tags);
    } catch {
      super.acceptHibernatable(socket, name);
    }
  }
}
