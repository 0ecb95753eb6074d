// A chat room as a Durable Object whose sockets hibernate: state in SQLite, per-socket state in attachments.
// Only the two fields that show the loss of memory are not restored after a sleep.

import { DurableObject } from "cloudflare:workers";

import { attachmentOf, type Attachment } from "./attachments.ts";
import { AUTO_RESPONSE, restoreAutoResponse } from "./autoresponse.ts";
import { begin, Boot } from "./boots.ts";
import { Crowd } from "./crowd.ts";
import { makeEntries, readEntry, writeEntry } from "./entries.ts";
import type { Env } from "./env.ts";
import { record } from "./events.ts";
import { BadRequest, type ErrorCode } from "./fields.ts";
import { isEcho, kindOf } from "./frames.ts";
import { Log } from "./log.ts";
import { legalCloseCode, operationOf, parseFields, type Operation, type Store } from "./messages.ts";
import { isPin, Pins, rememberOrigin } from "./pins.ts";
import { useOnce } from "./once.ts";
import { isNew, isPush, pushOf, REPLAYED, textOf } from "./push.ts";
import { refused } from "./refusals.ts";
import { takeDue } from "./reminders.ts";
import { acceptAndAnswerClose } from "./stateless.ts";
import { addSubscriber, leaveTopic, removeSubscriber, subscribersOf } from "./subscriptions.ts";
import { isAdmitted, USED } from "./tickets.ts";
import type { Stage } from "./trial.ts";

export type { Attachment, Env };

export interface Reply {
  readonly ok: boolean;
  readonly [field: string]: unknown;
}

/** How long the id of a call is kept; the platform gives up after ten seconds. */
const CALLS_KEPT_SECONDS = 60;

/** The error of `throw`, which the handler does not catch. */
class UncaughtError extends Error {}

export class Room extends DurableObject<Env> {
  /** New for each stay in memory: replies with the same instance came from the same stay. */
  protected readonly instance = crypto.randomUUID();
  /** Only in memory, to show that memory is lost. */
  protected counter = 0;
  protected readonly log: Log;
  protected readonly boot = new Boot();
  protected readonly crowd = new Crowd();
  protected readonly pins = new Pins();

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    restoreAutoResponse(this.ctx);
    makeEntries(this.ctx.storage.sql);
    this.log = new Log(this.ctx.storage.sql);
    this.countBoot();
    begin(this.ctx, this.boot);
  }

  override async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    rememberOrigin(this.ctx.storage, url.origin);
    const pin = url.searchParams.get("pin");
    if (pin !== null) {
      if (!isPin(pin)) return Response.json({ ok: false, error: "bad_field", message: `no pin "${pin}"` }, { status: 400 });
      await this.pins.start(pin, { state: this.ctx, token: this.env.POC_TOKEN ?? "" });
    }
    if (isPush(url)) return this.pushed(request);
    if (!isAdmitted(request, this.ctx.storage.sql)) return refused(USED);
    if (request.headers.get("Upgrade") === "websocket") return this.join(url);
    return Response.json(await this.answer(await request.text(), null));
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (isEcho(message)) return socket.send(message);
    const kind = kindOf(message);
    if (kind !== null) return this.send(socket, kind);
    const reply = await this.answer(message, socket);
    if (reply !== null) this.send(socket, reply);
  }

  override async webSocketClose(socket: WebSocket, code: number, reason: string, clean: boolean): Promise<void> {
    await leaveTopic(this.ctx, this.env, socket);
    // Without this the client never gets a close frame and reports 1006 after its own timeout,
    // on every compatibility date; a socket with the tag "mute" shows it.
    try {
      if (!this.ctx.getTags(socket).includes("mute")) socket.close(legalCloseCode(code), reason);
    } finally {
      record(this.ctx.storage.sql, this.instance, socket, { kind: "close", code, reason, clean });
    }
  }

  override async webSocketError(socket: WebSocket, error: unknown): Promise<void> {
    // The runtime has closed the socket already.
    const reason = error instanceof Error ? error.message : String(error);
    record(this.ctx.storage.sql, this.instance, socket, { kind: "error", code: null, reason, clean: null });
  }

  override async alarm(): Promise<void> {
    const due = await takeDue(this.ctx.storage);
    if (due.length === 0) this.toAll({ event: "alarm", ok: true, ...this.self() });
    for (const what of due) this.toAll({ event: "reminder", ok: true, what, ...this.self() });
  }

  /** Remembers a room that wants what is published here; called by that room. */
  async subscribe(room: string): Promise<void> {
    addSubscriber(this.ctx.storage.sql, room);
  }

  /** Forgets a room whose last client has left. */
  async unsubscribe(room: string): Promise<void> {
    removeSubscriber(this.ctx.storage.sql, room);
  }

  /** Passes on what another room has published, once for each call, and returns how many clients it reached. */
  async deliver(text: unknown, call: string): Promise<number> {
    if (!this.isFirst(call)) return 0;
    return this.toAll({ event: "published", text, ...this.self() });
  }

  /** Sends the text of a push, once; the Worker has checked its signature and age. */
  protected async pushed(request: Request): Promise<Response> {
    const push = await pushOf(request);
    const text = textOf(push);
    if (text instanceof Response) return text;
    if (!isNew(push, this.ctx.storage.sql)) return refused(REPLAYED);
    return Response.json(this.reply("push", undefined, null, this.say(text)));
  }

  /** Accepts a client, with the Hibernation API or, as a control, with the standard API. */
  protected join(url: URL): Response {
    const name = url.searchParams.get("name") ?? "";
    const seats = Number(url.searchParams.get("seats") ?? Infinity);
    const isFull = seats < Infinity && this.taken() >= seats;
    if (isFull) return refused({ status: 409, error: "full", message: `all ${seats} seats are taken` });
    if (url.searchParams.has("once")) this.closeOthers(name);
    const { 0: client, 1: server } = new WebSocketPair();
    if (url.searchParams.get("api") === "standard") this.acceptStandard(server, name);
    else {
      try {
        this.acceptHibernatable(server, name, url.searchParams.get("tags")?.split(",") ?? []);
      } catch (error) {
        return Response.json(this.refusal(error), { status: 400 });
      }
    }
    const since = url.searchParams.get("since");
    if (since !== null && /^\d{1,15}$/.test(since)) this.replay(server, Number(since));
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Counts who is there; a socket that is being closed keeps no seat. */
  protected taken(): number {
    return this.ctx.getWebSockets().filter((socket) => socket.readyState === WebSocket.OPEN).length;
  }

  /** Closes what an earlier connection of a client has left, so that nobody is there twice. */
  protected closeOthers(name: string): void {
    for (const socket of this.ctx.getWebSockets(`name:${name}`)) socket.close(4001, "came back");
  }

  protected acceptHibernatable(socket: WebSocket, name: string, tags: readonly string[] = []): void {
    this.ctx.acceptWebSocket(socket, name === "" ? [...tags] : [`name:${name}`, ...tags]);
    socket.serializeAttachment({ name, data: null } satisfies Attachment);
  }

  protected acceptStandard(socket: WebSocket, name: string): void {
    acceptAndAnswerClose(socket);
    socket.serializeAttachment({ name, data: null } satisfies Attachment);
    socket.addEventListener("message", (event) => {
      if (event.data === AUTO_RESPONSE.request) socket.send(AUTO_RESPONSE.response);
      else void this.webSocketMessage(socket, event.data);
    });
  }

  /** Handles one request with one reply; an error becomes a typed error reply and closes nothing. */
  protected async answer(message: string | ArrayBuffer, socket: WebSocket | null): Promise<Reply | null> {
    let id: unknown;
    try {
      const fields = parseFields(message);
      id = fields["id"];
      const operation = operationOf(fields);
      const result = await this.perform(operation, socket);
      return result === null ? null : this.reply(operation.op, id, socket, result);
    } catch (error) {
      if (error instanceof UncaughtError) throw error;
      return { ...this.refusal(error), ...(id === undefined ? {} : { id }) };
    }
  }

  /** Returns the error reply; an error of the runtime has its own text, and its name as `type`. */
  protected refusal(error: unknown): Reply {
    if (error instanceof BadRequest) return { ok: false, error: error.code, message: error.message };
    const [type, message] = error instanceof Error ? [error.name, error.message] : [null, String(error)];
    return { ok: false, error: "failed" satisfies ErrorCode, message, type };
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

  /** The fields about the object that every reply has. */
  protected self(): { instance: string; boots: number; sockets: number; version: string | null } {
    return {
      instance: this.instance,
      boots: this.boots(),
      sockets: this.ctx.getWebSockets().length,
      version: this.env.POC_VERSION ?? null,
    };
  }

  /** Returns the fields of the reply, or null if there is none because the socket was closed. */
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
      case "publish":
        return this.publish(operation.text, operation.again);
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
      default:
        return operation.run(this.stage(socket));
    }
  }

  protected stage(socket: WebSocket | null): Stage {
    const { ctx: state, env, boot, crowd, pins } = this;
    return { state, env, boot, crowd, pins, socket: () => this.socketOf(socket) };
  }

  /** Stores a message and sends it to all; it may come from a client or, over HTTP, from a backend. */
  protected say(text: unknown): object {
    const said = this.log.append(text);
    return { ...said, reached: this.toAll({ event: "said", ...said, ...this.self() }) };
  }

  /** Calls each room that has subscribed, and returns how many were called and how many clients heard it. */
  protected async publish(text: unknown, again: boolean): Promise<object> {
    const rooms = this.subscribers();
    const call = crypto.randomUUID();
    // With `again` each call is made twice, as the platform may do with a method that is marked as retryable.
    const deliver = (room: string): Promise<number> => this.env.ROOM.getByName(room).deliver(text, call);
    const heard = await Promise.all(rooms.flatMap((room) => (again ? [deliver(room), deliver(room)] : [deliver(room)])));
    return { called: rooms.length, heard: heard.reduce((total, each) => total + each, 0) };
  }

  /** Whether a call has not been carried out before; kept for longer than the platform retries. */
  protected isFirst(call: string): boolean {
    return useOnce(this.ctx.storage.sql, `call:${call}`, Math.floor(Date.now() / 1_000) + CALLS_KEPT_SECONDS);
  }

  protected subscribers(): string[] {
    return subscribersOf(this.ctx.storage.sql);
  }

  /** Sends a client the messages after `seq`, each marked as a replay. */
  protected replay(socket: WebSocket, seq: number): void {
    for (const said of this.log.since(seq)) this.send(socket, { event: "said", ...said, replayed: true, ...this.self() });
  }

  /** Sends many messages of a size, numbered from 1, to test slow readers. */
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
    return attachmentOf(socket);
  }

  protected send(socket: WebSocket, message: object): void {
    socket.send(JSON.stringify(message));
  }

  /** Sends to every open hibernatable socket and returns their number. */
  protected toAll(message: object): number {
    const open = this.ctx.getWebSockets().filter((socket) => socket.readyState === WebSocket.OPEN);
    for (const socket of open) this.send(socket, message);
    return open.length;
  }

  protected async write(store: Store, key: string, value: unknown): Promise<void> {
    await writeEntry(this.ctx.storage, store, key, value);
  }

  protected async read(store: Store, key: string): Promise<unknown> {
    return readEntry(this.ctx.storage, store, key);
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
