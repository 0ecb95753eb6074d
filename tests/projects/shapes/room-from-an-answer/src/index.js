import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject {
  open(topic) {
    this.ctx.storage.kv.put("topic", topic);
  }

  async fetch() {
    const topic = this.ctx.storage.kv.get("topic");
    if (topic === undefined) return new Response("no such room", { status: 404 });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  webSocketMessage(socket) {
    socket.send(this.ctx.storage.kv.get("topic"));
  }
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (request.method === "POST" && url.pathname === "/rooms") {
      const code = crypto.randomUUID().slice(0, 8);
      await env.ROOM.getByName(code).open("tides");
      return Response.json({ room: { code } }, { status: 201 });
    }
    return env.ROOM.getByName(url.pathname.split("/")[2]).fetch(request);
  },
};
