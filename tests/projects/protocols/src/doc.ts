import { DurableObject } from "cloudflare:workers";

// The first byte is 0 for sync and 1 for awareness; in sync the second is 0 for "what do you have", 1 for the answer and
// 2 for an update. An update is its length and its bytes.
const SYNC = 0;
const AWARENESS = 1;

export class Doc extends DurableObject {
  fetch(): Response {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    server.send(new Uint8Array([SYNC, 0, 1, 0]));
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(socket: WebSocket, frame: ArrayBuffer | string): Promise<void> {
    if (typeof frame === "string") return socket.close(1003, "bytes only");
    const bytes = new Uint8Array(frame);
    if (bytes[0] === AWARENESS) return this.others(socket, bytes);
    if (bytes[1] === 0) {
      const updates = await this.updates();
      return socket.send(new Uint8Array([SYNC, 1, updates.length, ...updates]));
    }
    await this.ctx.storage.put("updates", new Uint8Array([...(await this.updates()), ...bytes.slice(3, 3 + bytes[2])]));
    this.others(socket, bytes);
  }

  webSocketClose(socket: WebSocket, code: number): void {
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  private async updates(): Promise<Uint8Array> {
    return (await this.ctx.storage.get<Uint8Array>("updates")) ?? new Uint8Array();
  }

  private others(socket: WebSocket, bytes: Uint8Array): void {
    for (const each of this.ctx.getWebSockets()) if (each !== socket) each.send(bytes);
  }
}
