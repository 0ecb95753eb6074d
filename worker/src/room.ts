// A chat room as a Durable Object whose sockets hibernate: state in SQLite, per-socket state in attachments.
// Keeps nothing in memory that a sleep may not lose, except the two fields that exist to show the loss.

import { DurableObject } from "cloudflare:workers";

import { BadRequest, legalCloseCode, parseOperation, type ErrorCode, type Operation, type Store } from "./messages.ts";
import { Log } from "./log.ts";
import { isPin, PIN_STARTERS } from "./pins.ts";

export interface Env {
  readonly ROOM: DurableObjectNamespace<Room>;
  readonly POC_TOKEN?: string;
  /** Raised by a redeploy. */
  readonly POC_VERSION?: string;
}

/** What a socket carries through a sleep. */
export interface Attachment {
  readonly name: string;
  readonly data: unknown;
}

export interface Reply {
  readonly ok: boolean;
  readonly [field: string]: unknown;
}

/** Answered by the runtime itself, without waking the object. */
const AUTO_RESPONSE = new WebSocketRequestResponsePair("ping", "pong");

/** What `throw` asks for: an error that the handler does not catch. */
class UncaughtError extends Error {}

export class Room extends DurableObject<Env> {
  /** New for each stay in memory: two replies with the same instance came from the same memory. */
  protected readonly instance = crypto.randomUUID();
  /** Lives in memory only, to show that memory is lost. */
  protected counter = 0;
  protected readonly log: Log;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    // Set at every start: the runtime forgets it once the object has been without sockets for a while.
    this.ctx.setWebSocketAutoResponse(AUTO_RESPONSE);
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value TEXT NOT NULL)");
    this.log = new Log(this.ctx.storage.sql);
    this.countBoot();
  }

  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const pin = url.searchParams.get("pin");
    if (pin !== null) {
      if (!isPin(pin)) return Response.json({ ok: false, error: "bad_field", message: `no pin "${pin}"` }, { status: 400 });
      PIN_STARTERS[pin]({ state: this.ctx, origin: url.origin, token: this.env.POC_TOKEN ?? "" });
    }
    if (request.headers.get("Upgrade") === "websocket") return this.join(url);
    return Response.json(await this.answer(await request.text(), null));
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const reply = await this.answer(message, socket);
    if (reply !== null) this.send(socket, reply);
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string): Promise<void> {
    // Without this the client never gets a close frame and reports 1006 after its own time-out,
    // on every compatibility date.
    socket.close(legalCloseCode(code), reason);
  }

  override async webSocketError(): Promise<void> {
    // The runtime has closed the socket already; being here keeps the error out of the log.
  }

  override async alarm(): Promise<void> {
    this.toAll({ event: "alarm", ok: true, ...this.self() });
  }

  /** Takes a client in, by the Hibernation API or, as a control, by the standard one. */
  protected join(url: URL): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    const name = url.searchParams.get("name") ?? "";
    if (url.searchParams.get("api") === "standard") this.acceptStandard(server, name);
    else this.acceptHibernatable(server, name);
    const since = url.searchParams.get("since");
    if (since !== null && /^\d{1,15}$/.test(since)) this.replay(server, Number(since));
    return new Response(null, { status: 101, webSocket: client });
  }

  protected acceptHibernatable(socket: WebSocket, name: string): void {
    this.ctx.acceptWebSocket(socket, name === "" ? [] : [`name:${name}`]);
    socket.serializeAttachment({ name, data: null } satisfies Attachment);
  }

  protected acceptStandard(socket: WebSocket, name: string): void {
    socket.accept();
    socket.serializeAttachment({ name, data: null } satisfies Attachment);
    socket.addEventListener("message", (event) => {
      if (event.data === AUTO_RESPONSE.request) socket.send(AUTO_RESPONSE.response);
      else void this.webSocketMessage(socket, event.data);
    });
    socket.addEventListener("close", (event) => {
      socket.close(legalCloseCode(event.code), event.reason);
    });
  }

  /** One request in, one reply out; whatever goes wrong becomes a typed error reply and closes nothing. */
  protected async answer(message: string | ArrayBuffer, socket: WebSocket | null): Promise<Reply | null> {
    let id: unknown;
    try {
      const request = parseOperation(message);
      id = request.id;
      const result = await this.perform(request.operation, socket);
      return result === null ? null : this.reply(request.operation.op, id, socket, result);
    } catch (error) {
      if (error instanceof UncaughtError) throw error;
      const code: ErrorCode = error instanceof BadRequest ? error.code : "failed";
      const text = error instanceof Error ? error.message : String(error);
      return { ok: false, error: code, message: text, ...(id === undefined ? {} : { id }) };
    }
  }

  protected reply(op: string, id: unknown, socket: WebSocket | null, result: object): Reply {
    const attachment = socket === null ? null : this.attachmentOf(socket);
    return {
      op,
      ...(id === undefined ? {} : { id }),
      ok: true,
      ...result,
      ...this.self(),
      name: attachment?.name ?? null,
      attachment: attachment?.data ?? null,
    };
  }

  /** What every reply says about the object itself. */
  protected self(): { instance: string; boots: number; sockets: number; version: string | null } {
    return {
      instance: this.instance,
      boots: this.boots(),
      sockets: this.ctx.getWebSockets().length,
      version: this.env.POC_VERSION ?? null,
    };
  }

  /** Gives the fields of the reply, or null where there is none because the socket was closed. */
  protected async perform(operation: Operation, socket: WebSocket | null): Promise<object | null> {
    switch (operation.op) {
      case "who":
        return {};
      case "echo":
        return { text: operation.text };
      case "count":
        this.counter += 1;
        return { count: this.counter };
      case "put":
        await this.write(operation.store, operation.key, operation.value);
        return { key: operation.key };
      case "get":
        return { key: operation.key, value: await this.read(operation.store, operation.key) };
      case "attach": {
        const own = this.socketOf(socket);
        own.serializeAttachment({ name: this.attachmentOf(own)?.name ?? "", data: operation.data } satisfies Attachment);
        return {};
      }
      case "broadcast":
        return { reached: this.toAll({ event: "broadcast", text: operation.text, ...this.self() }) };
      case "say":
        return this.say(operation.text);
      case "sql":
        return { rows: this.ctx.storage.sql.exec(operation.query, ...operation.values).toArray() };
      case "tagged":
        return { tagged: this.ctx.getWebSockets(operation.tag).length };
      case "sleep":
        await scheduler.wait(operation.ms);
        return {};
      case "flood":
        return this.flood(this.socketOf(socket), operation.messages, operation.bytes);
      case "throw":
        throw new UncaughtError(operation.text);
      case "abort":
        this.ctx.abort(operation.text);
        return null;
      case "alarm":
        await this.ctx.storage.setAlarm(Date.now() + operation.in_ms);
        return {};
      case "close":
        this.socketOf(socket).close(operation.code, operation.reason);
        return null;
    }
  }

  /** Keeps a message and sends it to all; it may come from a client or, over HTTP, from a backend. */
  protected say(text: unknown): object {
    const said = this.log.append(text);
    return { ...said, reached: this.toAll({ event: "said", ...said, ...this.self() }) };
  }

  /** Sends a client what was said after `seq`, each message marked as a replay. */
  protected replay(socket: WebSocket, seq: number): void {
    for (const said of this.log.since(seq)) this.send(socket, { event: "said", ...said, replayed: true, ...this.self() });
  }

  /** Sends many messages of a size, numbered from 1, so that a reader who is too slow can be looked at. */
  protected flood(socket: WebSocket, messages: number, bytes: number): object {
    const filling = "x".repeat(bytes);
    for (let id = 1; id <= messages; id += 1) this.send(socket, { event: "flood", id, filling });
    return { messages };
  }

  protected socketOf(socket: WebSocket | null): WebSocket {
    if (socket === null) throw new BadRequest("socket_only", "this operation needs a WebSocket");
    return socket;
  }

  protected attachmentOf(socket: WebSocket): Attachment | null {
    return socket.deserializeAttachment() as Attachment | null;
  }

  protected send(socket: WebSocket, message: object): void {
    socket.send(JSON.stringify(message));
  }

  /** Sends to every open hibernatable socket and gives their number. */
  protected toAll(message: object): number {
    const open = this.ctx.getWebSockets().filter((socket) => socket.readyState === WebSocket.OPEN);
    for (const socket of open) this.send(socket, message);
    return open.length;
  }

  protected async write(store: Store, key: string, value: unknown): Promise<void> {
    switch (store) {
      case "sql":
        this.ctx.storage.sql.exec(
          "INSERT INTO entries (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
          key,
          JSON.stringify(value),
        );
        return;
      case "kv":
        this.ctx.storage.kv.put(`kv:${key}`, value);
        return;
      case "put":
        await this.ctx.storage.put(`put:${key}`, value);
        return;
    }
  }

  protected async read(store: Store, key: string): Promise<unknown> {
    switch (store) {
      case "sql": {
        const [row] = this.ctx.storage.sql.exec<{ value: string }>("SELECT value FROM entries WHERE key = ?", key);
        return row === undefined ? null : JSON.parse(row.value);
      }
      case "kv":
        return this.ctx.storage.kv.get(`kv:${key}`) ?? null;
      case "put":
        return (await this.ctx.storage.get(`put:${key}`)) ?? null;
    }
  }

  /** Counts this stay in memory. Unconfirmed, so that no reply waits for the disk because of the counter. */
  protected countBoot(): void {
    const boots = this.boots() + 1;
    void this.ctx.storage.put("boots", boots, { allowUnconfirmed: true });
  }

  protected boots(): number {
    return this.ctx.storage.kv.get<number>("boots") ?? 0;
  }
}
