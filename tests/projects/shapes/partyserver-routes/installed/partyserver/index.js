export class Server {
  constructor(ctx, env) { this.ctx = ctx; this.env = env; }
  fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }
  webSocketMessage(socket, text) { return this.onMessage(socket, text); }
}
const kebab = (name) => name.toLowerCase().replaceAll("_", "-");
export async function routePartykitRequest(request, env) {
  const [, prefix, party, room] = new URL(request.url).pathname.split("/");
  const namespace = Object.keys(env).find((key) => kebab(key) === party);
  if (prefix !== "parties" || namespace === undefined) return null;
  return env[namespace].get(env[namespace].idFromName(room)).fetch(request);
}
