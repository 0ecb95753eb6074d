import { DurableObject } from "cloudflare:workers";

interface Env {
  HALLS: DurableObjectNamespace<Hall>;
}

interface Player {
  key: string;
  name: string;
}

const EVERY_MS = 400;

/**
 * A hall of players. It carries all that differs from play to play by itself: tables with random keys, clocks in
 * numbers and texts, lists in any order, messages in any order, and ticks by an alarm.
 */
export class Hall extends DurableObject<Env> {
  override async fetch(request: Request): Promise<Response> {
    const name = new URL(request.url).searchParams.get("name") ?? "somebody";
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    const key = crypto.randomUUID().slice(0, 6);
    server.serializeAttachment({ key, name } satisfies Player);
    this.tell(server, { type: "welcome", you: key, at: new Date() });
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, message: string): Promise<void> {
    const asked = JSON.parse(message) as { type: string; id?: string; text?: string };
    const player = this.playerOf(socket);
    switch (asked.type) {
      case "who":
        return this.tell(socket, { type: "who", players: this.players() });
      case "shuffled":
        return this.tell(socket, { type: "shuffled", names: this.names() });
      case "say": {
        const isNew = !(await this.has(`said:${asked.id}`));
        if (isNew) await this.put(`said:${asked.id}`, true);
        const count = isNew ? await this.next("count") : 0;
        return this.tell(socket, { type: isNew ? "said" : "again", count, by: player.key });
      }
      case "log": {
        const lines = [...((await this.get<string[]>("log")) ?? []), `${player.name} ${asked.text}`];
        await this.put("log", lines);
        return this.tell(socket, { type: "log", text: `at ${new Date().toISOString()}: ${lines.join(", ")}` });
      }
      case "begin":
        await this.put("ticket", asked.id);
        return this.tell(socket, { type: "begun" });
      case "commit":
        return this.tell(socket, { type: (await this.get("ticket")) === asked.id ? "committed" : "refused" });
      case "arm":
        await this.put("armed", asked.text);
        return this.tell(socket, { type: "armed" });
      case "armed":
        return this.tell(socket, { type: "armed", text: await this.get("armed") });
      case "scores":
        return this.all((each) => ({ type: "score", name: each.name, of: each.name.length }));
      case "start":
        await this.put("runs", true);
        await this.ctx.storage.setAlarm(Date.now() + EVERY_MS);
        return this.tell(socket, { type: "started" });
      case "stop":
        await this.put("runs", false);
        return this.tell(socket, { type: "stopped" });
    }
  }

  override async alarm(): Promise<void> {
    if (!(await this.get("runs"))) return;
    for (const each of this.ctx.getWebSockets()) this.tell(each, { type: "tick", at: Date.now() });
    await this.ctx.storage.setAlarm(Date.now() + EVERY_MS);
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    socket.close([1005, 1006, 1015].includes(code) ? 1000 : code);
  }

  private playerOf(socket: WebSocket): Player {
    return socket.deserializeAttachment() as Player;
  }

  private players(): Record<string, string> {
    return Object.fromEntries(this.ctx.getWebSockets().map((each) => [this.playerOf(each).key, this.playerOf(each).name]));
  }

  private names(): string[] {
    return this.ctx.getWebSockets().map((each) => this.playerOf(each).name).sort(() => Math.random() - 0.5);
  }

  /** Tells everybody of each player, in any order. */
  private all(about: (player: Player) => object): void {
    const players = this.ctx.getWebSockets().map((each) => this.playerOf(each)).sort(() => Math.random() - 0.5);
    for (const each of this.ctx.getWebSockets()) for (const player of players) this.tell(each, about(player));
  }

  private async has(key: string): Promise<boolean> {
    return (await this.get(key)) !== undefined;
  }

  private async next(key: string): Promise<number> {
    const count = ((await this.get<number>(key)) ?? 0) + 1;
    await this.put(key, count);
    return count;
  }

  private async get<Value>(key: string): Promise<Value | undefined> {
    return this.ctx.storage.get<Value>(key);
  }

  private async put(key: string, value: unknown): Promise<void> {
    await this.ctx.storage.put(key, value);
  }

  private tell(socket: WebSocket, message: object): void {
    socket.send(JSON.stringify(message));
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, folder, name] = new URL(request.url).pathname.split("/");
    if (folder !== "halls" || !name) return new Response("no such page", { status: 404 });
    return env.HALLS.get(env.HALLS.idFromName(name)).fetch(request);
  },
} satisfies ExportedHandler<Env>;
