// The bug: the room keeps a table of who has which tag, and asks it instead of the runtime; who goes stays in it.
// Must turn red: crash-state/tags-end-in-crash and its like after the other faults.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

const TABLE = "CREATE TABLE IF NOT EXISTS tagged (name TEXT, tag TEXT, PRIMARY KEY (name, tag))";

export class Room extends Real {
  protected override acceptHibernatable(socket: WebSocket, name: string, tags: readonly string[] = []): void {
    super.acceptHibernatable(socket, name, tags);
    this.ctx.storage.sql.exec(TABLE);
    for (const tag of tags) this.ctx.storage.sql.exec("INSERT OR IGNORE INTO tagged VALUES (?, ?)", name, tag);
  }

  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    if (operation.op !== "tagged") return super.perform(operation, socket);
    const found = this.ctx.storage.sql.exec("SELECT count(*) AS tagged FROM tagged WHERE tag = ?", operation.tag);
    return found.one();
  }
}
