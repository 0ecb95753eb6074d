import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject {
  async fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(socket, text) {
    socket.send(`heard ${text} ${await this.env.LIMITS.getByName("all").taken()}`);
  }
}

export class Limit extends DurableObject {
  taken() {
    return 1;
  }
}

export class User extends DurableObject {
  async fetch() {
    return new Response("a user");
  }
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname.startsWith("/users/")) return env.USERS.getByName(url.pathname.slice(7)).fetch(request);
    if (url.pathname.startsWith("/rooms")) {
      const parts = url.pathname.split("/").filter(Boolean);
      const name = parts[1] ?? "lobby";
      return env.ROOMS.getByName(name).fetch(request);
    }
    return new Response("no such page", { status: 404 });
  },
};
