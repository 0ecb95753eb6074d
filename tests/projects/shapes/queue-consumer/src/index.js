import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject {
  async fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async arrived(text) {
    for (const socket of this.ctx.getWebSockets()) socket.send(`arrived: ${text}`);
  }

  async webSocketMessage(socket, text) {
    if (text === "queue") {
      await this.env.ELSEWHERE.send("nothing");
      await this.env.OWN.send({ room: this.ctx.id.toString(), text });
      return;
    }
    socket.send(`heard ${text}`);
  }
}

export default {
  async fetch(request, env) {
    const [, folder, name] = new URL(request.url).pathname.split("/");
    if (folder !== "rooms") return new Response("no such page", { status: 404 });
    return env.ROOMS.get(env.ROOMS.idFromName(name)).fetch(request);
  },

  async queue(batch, env) {
    for (const { body } of batch.messages) await env.ROOMS.get(env.ROOMS.idFromString(body.room)).arrived(body.text);
  },
};
