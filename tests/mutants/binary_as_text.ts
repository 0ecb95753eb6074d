// The bug: binary frames are answered as text, byte by byte.
// Must turn red: frames/binary-stays-binary, patterns/a-number-in-bytes-comes-back.

import { isEcho } from "./frames.ts";
import { Room as Real } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (isEcho(message)) socket.send(new TextDecoder("latin1").decode(message));
    else await super.webSocketMessage(socket, message);
  }
}
