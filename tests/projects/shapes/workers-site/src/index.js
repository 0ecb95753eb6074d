import { DurableObject } from "cloudflare:workers";
import manifest from "__STATIC_CONTENT_MANIFEST";

const page = JSON.parse(manifest)["index.html"];

export class Room extends DurableObject {
  async fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(socket, text) {
    socket.send(`heard ${text}`);
  }
}

export default {
  async fetch(request, env) {
    const [, folder, name] = new URL(request.url).pathname.split("/");
    if (folder !== "rooms") return new Response(await env.__STATIC_CONTENT.get(page));
    return env.ROOMS.get(env.ROOMS.idFromName(name)).fetch(request);
  },
};
