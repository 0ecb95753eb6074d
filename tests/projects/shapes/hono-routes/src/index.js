import { DurableObject } from "cloudflare:workers";
import { Hono } from "hono";
import { rooms } from "./rooms.js";
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

const app = new Hono().get("/users/:id", (c) => new Response(c.req.param("id"))).route("/api", rooms);

export default app;
