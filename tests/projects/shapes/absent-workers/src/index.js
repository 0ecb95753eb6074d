import { DurableObject } from "cloudflare:workers";

export class Room extends DurableObject {
  async fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async call() {
    const { AUTH, ADMIN, SCORES, JOBS } = this.env;
    await JOBS.send("work");
    const answer = await AUTH.fetch("https://auth/check");
    return {
      status: answer.status,
      text: await answer.text(),
      admin: await ADMIN.remove("ann").catch(String),
      score: await SCORES.getByName("ann").total().catch(String),
    };
  }

  async webSocketMessage(socket, text) {
    if (text === "call") socket.send(JSON.stringify(await this.call()));
    else socket.send(`heard ${text}`);
  }
}

export default {
  async fetch(request, env) {
    const [, folder, name] = new URL(request.url).pathname.split("/");
    if (folder !== "rooms") return new Response("no such page", { status: 404 });
    return env.ROOMS.get(env.ROOMS.idFromName(name)).fetch(request);
  },
};
