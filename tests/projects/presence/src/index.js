import { DurableObject } from "cloudflare:workers";

/** Who is here, and what they say of themselves: each socket's attachment is all that is known of a member. */
export class Lounge extends DurableObject {
  async fetch(request) {
    const name = new URL(request.url).searchParams.get("name") ?? "guest";
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    this.remember(server, { id: crypto.randomUUID(), name, status: "online", beats: 0, since: Date.now() });
    const member = this.member(server);
    server.send(JSON.stringify({ type: "welcome", you: member.id, at: new Date().toISOString(), users: this.users() }));
    this.broadcast({ type: "joined", user: { id: member.id, name } }, server);
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(socket, message) {
    const asked = JSON.parse(message);
    const member = this.member(socket);
    if (asked.type === "status") {
      this.remember(socket, { ...member, status: asked.text });
      this.broadcast({ type: "status", id: member.id, name: member.name, text: asked.text });
    } else if (asked.type === "heartbeat") {
      this.remember(socket, { ...member, beats: member.beats + 1 });
      socket.send(JSON.stringify({ type: "heartbeat", beats: member.beats + 1, at: Date.now() }));
    } else if (asked.type === "list") {
      socket.send(JSON.stringify({ type: "list", users: this.users() }));
    }
  }

  async webSocketClose(socket, code) {
    const { id } = this.member(socket);
    socket.close([1005, 1006, 1015].includes(code) ? 1000 : code);
    this.broadcast({ type: "left", id }, socket);
  }

  remember(socket, member) {
    socket.serializeAttachment(member);
  }

  member(socket) {
    return socket.deserializeAttachment();
  }

  sockets() {
    return this.ctx.getWebSockets();
  }

  /** Nobody may rely on the order, so it is another one each time. */
  users() {
    const known = this.sockets().filter((each) => each.readyState === WebSocket.OPEN);
    const users = known.map((each) => this.member(each)).map(({ id, name, status }) => ({ id, name, status }));
    return users.map((user) => ({ user, at: Math.random() })).sort((one, other) => one.at - other.at).map(({ user }) => user);
  }

  broadcast(message, except) {
    for (const each of this.sockets()) if (each !== except) each.send(JSON.stringify(message));
  }
}

export default {
  async fetch(request, env) {
    const [, folder, name] = new URL(request.url).pathname.split("/");
    if (folder !== "lounge" || !name) return new Response("no such page", { status: 404 });
    return env.LOUNGES.get(env.LOUNGES.idFromName(`lounge:${name}`)).fetch(request);
  },
};
