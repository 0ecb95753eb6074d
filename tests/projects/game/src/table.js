import { DurableObject } from "cloudflare:workers";
import board from "./board.bin";
import { bytes, JOINED, MOVE, MOVED, numbers, OVER, REFUSED, SCORE } from "./codec.js";

const [WIDTH, HEIGHT] = new Uint8Array(board);

/** One table: the dots that were set are in its storage, and a round ends by its alarm. */
export class Table extends DurableObject {
  async fetch(request) {
    const url = new URL(request.url);
    const player = Number(url.searchParams.get("player") ?? 1);
    const round = Number(url.searchParams.get("round") ?? 0);
    const pair = new WebSocketPair();
    this.ctx.acceptWebSocket(pair[1], [`player:${player}`]);
    pair[1].serializeAttachment({ player });
    if (round > 0) await this.ctx.storage.setAlarm(Date.now() + round);
    await this.begin(url.pathname);
    pair[1].send(bytes(JOINED, player, WIDTH, HEIGHT));
    return new Response(null, { status: 101, webSocket: pair[0] });
  }

  async begin(name) {
    await this.ctx.storage.put("name", name);
  }

  async webSocketMessage(socket, message) {
    const { player } = socket.deserializeAttachment();
    const [what, x, y] = numbers(message);
    if (what === SCORE) {
      socket.send(bytes(SCORE, Number(await this.env.SCORES.get(await this.score(player)))));
      return;
    }
    const dot = `dot:${x}:${y}`;
    if (what !== MOVE || x >= WIDTH || y >= HEIGHT || (await this.ctx.storage.get(dot)) !== undefined) {
      socket.send(bytes(REFUSED, x ?? 0, y ?? 0));
      return;
    }
    await this.ctx.storage.put(dot, player);
    this.broadcast(bytes(MOVED, player, x, y));
  }

  async alarm() {
    const dots = await this.ctx.storage.list({ prefix: "dot:" });
    for (const player of [1, 2]) {
      const count = [...dots.values()].filter((owner) => owner === player).length;
      await this.env.SCORES.put(await this.score(player), String(count));
    }
    this.broadcast(bytes(OVER, dots.size));
  }

  async webSocketClose(socket, code) {
    socket.close(code === 1005 || code === 1006 || code === 1015 ? 1000 : code);
  }

  async score(player) {
    return `${await this.ctx.storage.get("name")}/${player}`;
  }

  broadcast(message) {
    for (const socket of this.ctx.getWebSockets()) socket.send(message);
  }
}
