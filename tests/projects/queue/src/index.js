import { DurableObject } from "cloudflare:workers";

/** Jobs that workers take and acknowledge; what a worker has taken and not acknowledged comes again when it leaves. */
export class Queue extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
    this.sql.exec(
      "CREATE TABLE IF NOT EXISTS jobs (n INTEGER PRIMARY KEY, id TEXT, body TEXT, worker TEXT, attempt INTEGER DEFAULT 0)",
    );
  }

  async fetch(request) {
    const url = new URL(request.url);
    if (request.headers.get("Upgrade") !== "websocket") {
      if (request.method === "POST") return Response.json(this.push(await request.json()), { status: 201 });
      return Response.json({ waiting: this.waiting(), at: Date.now() });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    server.serializeAttachment({ worker: `${url.searchParams.get("worker")}-${crypto.randomUUID().slice(0, 8)}` });
    return new Response(null, { status: 101, webSocket: client });
  }

  push(body) {
    const id = crypto.randomUUID();
    this.sql.exec("INSERT INTO jobs (id, body) VALUES (?, ?)", id, JSON.stringify(body));
    for (const each of this.ctx.getWebSockets()) each.send(JSON.stringify({ type: "news", waiting: this.waiting() }));
    return { id, waiting: this.waiting() };
  }

  waiting() {
    return this.sql.exec("SELECT count(*) AS n FROM jobs WHERE worker IS NULL").one().n;
  }

  async webSocketMessage(socket, message) {
    const asked = JSON.parse(message);
    const { worker } = socket.deserializeAttachment();
    if (asked.type === "take") {
      const [job] = [...this.sql.exec("SELECT * FROM jobs WHERE worker IS NULL ORDER BY n LIMIT 1")];
      if (job === undefined) return socket.send(JSON.stringify({ type: "none" }));
      this.sql.exec("UPDATE jobs SET worker = ?, attempt = attempt + 1 WHERE n = ?", worker, job.n);
      const [taken] = [...this.sql.exec("SELECT * FROM jobs WHERE n = ?", job.n)];
      const { id, attempt } = taken;
      socket.send(JSON.stringify({ type: "job", id, n: job.n, body: JSON.parse(taken.body), attempt, worker, at: Date.now() }));
    } else if (asked.type === "ack") {
      const mine = this.sql.exec("DELETE FROM jobs WHERE id = ? AND worker = ? RETURNING n", asked.id, worker).toArray();
      const left = this.sql.exec("SELECT count(*) AS n FROM jobs").one().n;
      socket.send(JSON.stringify({ type: "acked", id: asked.id, ok: mine.length === 1, left }));
    }
  }

  async webSocketClose(socket, code) {
    const { worker } = socket.deserializeAttachment();
    this.sql.exec("UPDATE jobs SET worker = NULL WHERE worker = ?", worker);
    socket.close([1005, 1006, 1015].includes(code) ? 1000 : code);
  }
}

export default {
  async fetch(request, env) {
    const [, folder, name] = new URL(request.url).pathname.split("/");
    if (folder !== "queues" || !name) return new Response("no such queue", { status: 404 });
    return env.QUEUES.get(env.QUEUES.idFromName(name)).fetch(request);
  },
};
