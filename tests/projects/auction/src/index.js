import { DurableObject } from "cloudflare:workers";

const COUNTS = 3;

/** Bids until the alarm ends it; before the end it counts down, each time by an alarm. */
export class Auction extends DurableObject {
  async fetch(request) {
    const bidder = new URL(request.url).searchParams.get("user") ?? "somebody";
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [`bidder:${bidder}`]);
    server.serializeAttachment({ bidder, bids: 0 });
    server.send(JSON.stringify({ type: "lot", best: await this.best(), token: crypto.randomUUID(), at: Date.now() }));
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(socket, message) {
    const asked = JSON.parse(message);
    const { bidder, bids } = socket.deserializeAttachment();
    if (asked.type === "bid") {
      const best = await this.best();
      if (best !== null && asked.amount <= best.amount) {
        return socket.send(JSON.stringify({ type: "too-low", than: best.amount, by: best.by }));
      }
      socket.serializeAttachment({ bidder, bids: bids + 1 });
      await this.ctx.storage.put("best", { by: bidder, amount: asked.amount });
      this.broadcast({ type: "bid", by: bidder, amount: asked.amount, bids: bids + 1, at: new Date().toISOString() });
    } else if (asked.type === "end") {
      await this.ctx.storage.put("left", COUNTS);
      await this.ctx.storage.setAlarm(Date.now() + asked.ms);
      socket.send(JSON.stringify({ type: "ending" }));
    } else if (asked.type === "mine") {
      const own = this.ctx.getWebSockets(`bidder:${bidder}`).length;
      socket.send(JSON.stringify({ type: "mine", bidder, bids, sockets: own }));
    }
  }

  async alarm() {
    const left = ((await this.ctx.storage.get("left")) ?? 1) - 1;
    await this.ctx.storage.put("left", left);
    if (left > 0) {
      this.broadcast({ type: "count", left });
      await this.ctx.storage.setAlarm(Date.now() + 200);
    } else {
      const best = await this.best();
      this.broadcast({ type: "sold", to: best?.by ?? null, amount: best?.amount ?? null });
    }
  }

  async webSocketClose(socket, code) {
    socket.close([1005, 1006, 1015].includes(code) ? 1000 : code);
  }

  async best() {
    return (await this.ctx.storage.get("best")) ?? null;
  }

  broadcast(message) {
    for (const each of this.ctx.getWebSockets()) each.send(JSON.stringify(message));
  }
}

export default {
  async fetch(request, env) {
    const name = new URL(request.url).pathname.slice("/auctions/".length);
    if (!name) return new Response("which auction?", { status: 404 });
    return env.AUCTIONS.get(env.AUCTIONS.idFromName(name)).fetch(request);
  },
};
