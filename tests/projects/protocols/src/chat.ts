import { DurableObject } from "cloudflare:workers";

interface Session {
  sid: string;
  said: number;
}

// A frame is a digit for its kind, then its content: 0 opens, 2 pings, 3 pongs, 4 is a message of socket.io. That again
// begins with a digit: 0 connects, 2 is an event (with a number, if an acknowledgement is wanted), 3 acknowledges.
const PACKET = /^42(\d*)(\[.*)$/s;

export class Chat extends DurableObject {
  async fetch(request: Request): Promise<Response> {
    const known = new URL(request.url).searchParams.get("sid");
    const session = (known && (await this.ctx.storage.get<Session>(known))) || { sid: crypto.randomUUID(), said: 0 };
    if (known && session.sid !== known) return new Response("unknown session", { status: 400 });
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment(session);
    await this.ctx.storage.put(session.sid, session);
    server.send(`0${JSON.stringify({ sid: session.sid, upgrades: [], pingInterval: 25000, said: session.said })}`);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(socket: WebSocket, frame: ArrayBuffer | string): Promise<void> {
    if (typeof frame !== "string") return socket.close(1003, "text only");
    if (frame === "2") return socket.send("3");
    const session: Session = socket.deserializeAttachment();
    if (frame === "40") return socket.send(`40${JSON.stringify({ sid: session.sid })}`);
    const packet = PACKET.exec(frame);
    if (packet === null) return socket.close(1002, "not a packet");
    const [, ack, content] = packet;
    session.said += 1;
    socket.serializeAttachment(session);
    await this.ctx.storage.put(session.sid, session);
    // everyone gets the event first, and only then does its sender get the acknowledgement
    for (const each of this.ctx.getWebSockets()) each.send(`42["said",${JSON.stringify({ by: session.sid })},${content}]`);
    if (ack) socket.send(`43${ack}${JSON.stringify([{ said: session.said }])}`);
  }

  webSocketClose(socket: WebSocket, code: number): void {
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }
}
