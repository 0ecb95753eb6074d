// The bug: a socket that the room has opened itself is set to ArrayBuffers, as code from before 2026-03-17 expects them.
// Must turn red: binary-type/outgoing-sockets-get-a-blob.

import type { Operation } from "./messages.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    return operation.op === "outgoing_kind" ? { kind: "ArrayBuffer" } : super.perform(operation, socket);
  }
}
