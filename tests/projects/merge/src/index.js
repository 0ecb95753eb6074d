import { DurableObject } from "cloudflare:workers";

/** A map that several write to: of two writes to a key the one with the later stamp is kept, as in a CRDT. */
export class Board extends DurableObject {
  async fetch(request) {
    const replica = new URL(request.url).searchParams.get("replica") ?? "nobody";
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [replica]);
    server.send(JSON.stringify({ type: "state", entries: await this.entries(), clock: await this.clock() }));
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(socket, message) {
    const asked = JSON.parse(message);
    const [replica] = this.ctx.getTags(socket);
    if (asked.type === "set") {
      const clock = Math.max(asked.clock, await this.clock()) + 1;
      await this.ctx.storage.put("clock", clock);
      const stamp = `${String(asked.clock).padStart(6, "0")}/${replica}`;
      const kept = (await this.ctx.storage.get(`key:${asked.key}`)) ?? { value: null, stamp: "" };
      const won = stamp > kept.stamp;
      if (won) await this.ctx.storage.put(`key:${asked.key}`, { value: asked.value, stamp });
      socket.send(JSON.stringify({ type: "set", key: asked.key, won, clock }));
      if (won) this.broadcast({ type: "changed", key: asked.key, value: asked.value, stamp, by: replica }, socket);
    } else if (asked.type === "add") {
      const counts = (await this.ctx.storage.get("counts")) ?? {};
      counts[replica] = (counts[replica] ?? 0) + asked.n;
      await this.ctx.storage.put("counts", counts);
      const total = Object.values(counts).reduce((sum, each) => sum + each, 0);
      this.broadcast({ type: "count", total, counts });
    } else if (asked.type === "read") {
      const since = asked.since ?? "";
      const all = Object.entries(await this.entries()).filter(([, entry]) => entry.stamp > since);
      socket.send(JSON.stringify({ type: "state", entries: Object.fromEntries(all), clock: await this.clock() }));
    }
  }

  async webSocketClose(socket, code) {
    socket.close([1005, 1006, 1015].includes(code) ? 1000 : code);
  }

  async clock() {
    return (await this.ctx.storage.get("clock")) ?? 0;
  }

  async entries() {
    const found = await this.ctx.storage.list({ prefix: "key:" });
    return Object.fromEntries([...found].map(([key, entry]) => [key.slice(4), entry]));
  }

  broadcast(message, except) {
    for (const each of this.ctx.getWebSockets()) if (each !== except) each.send(JSON.stringify(message));
  }
}

export default {
  async fetch(request, env) {
    const name = new URL(request.url).searchParams.get("board");
    if (!name) return new Response("which board?", { status: 400 });
    return env.BOARDS.get(env.BOARDS.idFromName(name)).fetch(request);
  },
};
