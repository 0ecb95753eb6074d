// An event stream, which keeps its object in memory for as long as somebody reads it.
import { DurableObject } from "cloudflare:workers";

interface Env {
  FEED: DurableObjectNamespace<Feed>;
}

export class Feed extends DurableObject<Env> {
  override fetch(request: Request): Response {
    if (request.headers.get("upgrade") === "websocket") {
      const { 0: client, 1: server } = new WebSocketPair();
      this.ctx.acceptWebSocket(server);
      return new Response(null, { status: 101, webSocket: client });
    }
    const { readable, writable } = new TransformStream();
    void writable.getWriter().write(new TextEncoder().encode("data: hello\n\n"));
    return new Response(readable, { headers: { "content-type": "text/event-stream" } });
  }

  override webSocketMessage(socket: WebSocket, text: string): void {
    socket.send(JSON.stringify({ said: text }));
  }
}

export default {
  fetch(request: Request, env: Env): Promise<Response> {
    return env.FEED.get(env.FEED.idFromName(new URL(request.url).pathname.slice(1))).fetch(request);
  },
};
