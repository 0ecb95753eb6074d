// A WebSocket server with hibernation, in the shape of the example of Cloudflare's documentation: texts, no JSON.
import { DurableObject } from "cloudflare:workers";

export interface Env {
  ROOMS: DurableObjectNamespace<Room>;
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, path, room] = new URL(request.url).pathname.split("/");
    if (path !== "websocket" || !room) return new Response("not found", { status: 404 });
    if (request.headers.get("Upgrade") !== "websocket") return new Response("expected an upgrade", { status: 426 });
    return env.ROOMS.get(env.ROOMS.idFromName(room)).fetch(request);
  },
} satisfies ExportedHandler<Env>;

export class Room extends DurableObject<Env> {
  sessions = new Map<WebSocket, { id: string }>();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    for (const socket of this.ctx.getWebSockets()) {
      const attachment = socket.deserializeAttachment();
      if (attachment) this.sessions.set(socket, attachment);
    }
    this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  async fetch(): Promise<Response> {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    const id = crypto.randomUUID();
    server.serializeAttachment({ id });
    this.sessions.set(server, { id });
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(from: WebSocket, message: ArrayBuffer | string): Promise<void> {
    const session = this.sessions.get(from)!;
    const said = `[Durable Object] message: ${message}, from: ${session.id}`;
    const total = `Total connections: ${this.sessions.size}`;
    from.send(`${said}, to: the initiating client. ${total}`);
    for (const socket of this.sessions.keys()) socket.send(`${said}, to: all clients. ${total}`);
    for (const socket of this.sessions.keys()) {
      if (socket !== from) socket.send(`${said}, to: all clients except the initiating client. ${total}`);
    }
  }

  async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    this.sessions.delete(socket);
    socket.close(code, "Durable Object is closing WebSocket");
  }
}
