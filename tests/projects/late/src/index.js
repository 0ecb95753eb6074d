// A room whose answers take their time, each in another way: what a harness must tell from its own lateness.
import { DurableObject } from "cloudflare:workers";

const say = JSON.stringify;
const HEARTBEAT = '{"op":"hb"}';

export class Room extends DurableObject {
  answers = 0;

  constructor(ctx, env) {
    super(ctx, env);
    // The runtime answers heartbeats itself, so they do not put the sleep off.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(HEARTBEAT, HEARTBEAT));
  }

  async fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(socket, text) {
    const { op, ms = 0, times = 0 } = JSON.parse(text);
    let sum = 0;
    switch (op) {
      case "swallow":
        return;
      case "spin": // computes without a pause; no clock moves meanwhile, so it is told how far to count
        for (let i = 0; i < times; i++) sum += Math.sqrt(i);
        break;
      case "alarm":
        await this.ctx.storage.setAlarm(Date.now() + ms);
        break;
      case "late": // answers at once and pushes after so long
        setTimeout(() => socket.send(say({ event: "late" })), ms);
        break;
      case "flood":
        for (let i = 0; i < times; i++) socket.send("x".repeat(1 << 20));
        break;
    }
    socket.send(say({ op, answers: ++this.answers, sum }));
  }

  async alarm() {
    for (const socket of this.ctx.getWebSockets()) socket.send(say({ event: "alarm" }));
  }

  webSocketClose(socket) {
    socket.close(1000);
  }
}

export default {
  fetch: (request, env) => env.ROOM.getByName(new URL(request.url).pathname.split("/")[2]).fetch(request),
};
