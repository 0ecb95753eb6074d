import { DurableObject } from "cloudflare:workers";

async function failure(use) {
  try {
    await use();
    return "none";
  } catch (error) {
    return String(error);
  }
}

export class Room extends DurableObject {
  async fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async use() {
    const { INDEX, DB, JOBS } = this.env;
    await JOBS.send("work");
    const { results } = await DB.prepare("SELECT 1 AS one").all();
    return {
      index: await failure(() => INDEX.query([1, 2, 3])),
      one: results[0].one,
    };
  }

  async webSocketMessage(socket, text) {
    if (text === "use") socket.send(JSON.stringify(await this.use()));
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
