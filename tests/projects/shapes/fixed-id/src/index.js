import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject {
  async fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(socket, text) {
    const heard = ((await this.ctx.storage.get("heard")) ?? 0) + 1;
    await this.ctx.storage.put("heard", heard);
    socket.send(`${heard}: ${text}`);
  }
}

export default {
  async fetch(request, env) {
    if (!request.url.endsWith("/websocket")) return new Response("no such page", { status: 404 });
    return env.ROOMS.getByName("foo").fetch(request);
  },
};
