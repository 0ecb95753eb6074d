import { DurableObject } from "cloudflare:workers";
import type { Env } from "./env";
import { History } from "./history";
import { incoming, Kind } from "./protocol";
import welcome from "./welcome.txt";

interface Member {
  nick: string;
}

/** One room: its members are its sockets, and each socket's attachment says who is behind it. */
export class Room extends DurableObject<Env> {
  private readonly history: History;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.history = new History(ctx.storage.sql, Number(env.HISTORY));
  }

  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const nick = url.searchParams.get("nick") ?? "somebody";
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    this.remember(server, { nick });
    const lobby = this.env.LOBBY.get(this.env.LOBBY.idFromName("lobby"));
    const joined = await lobby.joined(url.pathname);
    const title = this.env.TITLE;
    server.send(JSON.stringify({ type: Kind.Welcome, title, text: welcome.trim(), joined, lines: this.history.last() }));
    return new Response(null, { status: 101, webSocket: client });
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const asked = incoming(message);
    if (asked === undefined) {
      socket.send(JSON.stringify({ type: Kind.Error, text: "not understood" }));
    } else if (asked.type === Kind.History) {
      socket.send(JSON.stringify({ type: Kind.History, lines: this.history.last() }));
    } else {
      const line = this.history.add(this.member(socket).nick, asked.text);
      const said = JSON.stringify({ type: Kind.Said, ...line });
      for (const each of this.ctx.getWebSockets()) each.send(said);
    }
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    // 1005, 1006 and 1015 say how a connection ended and may not be sent.
    socket.close([1005, 1006, 1015].includes(code) ? 1000 : code, reason);
  }

  private remember(socket: WebSocket, member: Member): void {
    socket.serializeAttachment(member);
  }

  private member(socket: WebSocket): Member {
    return socket.deserializeAttachment() as Member;
  }
}
