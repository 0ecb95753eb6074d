import { DurableObject } from "cloudflare:workers";
import page from "./page.html";

interface Env {
  BOARDS: DurableObjectNamespace<Board>;
}

/** A board of notes: the page shows them, WebSockets tell of new ones, and a request clears them. */
export class Board extends DurableObject<Env> {
  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname.endsWith("/notes")) return Response.json({ notes: await this.notes() });
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment({ name: url.searchParams.get("name") ?? "somebody" });
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, message: string): Promise<void> {
    const { name } = socket.deserializeAttachment() as { name: string };
    const notes = [...(await this.notes()), { id: crypto.randomUUID(), from: name, text: String(message), at: Date.now() }];
    await this.ctx.storage.put("notes", notes);
    for (const each of this.ctx.getWebSockets()) each.send(JSON.stringify({ type: "note", ...notes.at(-1) }));
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    socket.close([1005, 1006, 1015].includes(code) ? 1000 : code);
  }

  private async notes(): Promise<object[]> {
    return (await this.ctx.storage.get<object[]>("notes")) ?? [];
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, folder, name] = new URL(request.url).pathname.split("/");
    if (folder === "boards" && name) return env.BOARDS.get(env.BOARDS.idFromName(name)).fetch(request);
    return new Response(page, { headers: { "Content-Type": "text/html" } });
  },
} satisfies ExportedHandler<Env>;
