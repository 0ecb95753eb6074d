import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject {
  async fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(socket, text) {
    const [what, name] = text.split(":");
    socket.send(await this.read(what, name));
  }

  async read(what, name) {
    if (what === "setting") return this.env.SETTINGS.get(name);
    if (what === "file") return (await this.env.FILES.get(name)).text();
    const { results } = await this.env.DB.prepare("SELECT text FROM notes ORDER BY place").all();
    return results.map((row) => row.text).join(", ");
  }
}

export default {
  async fetch(request, env) {
    const [, folder, name] = new URL(request.url).pathname.split("/");
    if (folder !== "rooms") return new Response("no such page", { status: 404 });
    return env.ROOMS.get(env.ROOMS.idFromName(name)).fetch(request);
  },
};
