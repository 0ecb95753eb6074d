import { DurableObject } from "cloudflare:workers";

interface Env {
  GAMES: DurableObjectNamespace<Game>;
}

export class Game extends DurableObject<Env> {
  override async fetch(): Promise<Response> {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(socket: WebSocket, text: string): void {
    socket.send(`heard ${text}`);
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    if (request.method === "POST" && url.pathname === "/games") {
      return Response.json({ game: env.GAMES.newUniqueId().toString() });
    }
    const [, area, game, action] = url.pathname.split("/");
    if (area !== "games" || game === undefined || action !== "socket") return new Response("no such page", { status: 404 });
    return env.GAMES.get(env.GAMES.idFromString(game)).fetch(request);
  },
};
