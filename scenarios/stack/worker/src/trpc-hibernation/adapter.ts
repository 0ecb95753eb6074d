// tRPC's WebSocket protocol for a Durable Object with hibernating WebSockets: works with any router and tRPC's client.
// Nothing that must outlive a sleep is kept in memory: only calls that are still running, and while there is one
// the object cannot sleep.

import {
  type AnyTRPCRouter,
  callTRPCProcedure,
  getTRPCErrorFromUnknown,
  getTRPCErrorShape,
  type inferRouterContext,
  transformTRPCResponse,
  TRPCError,
} from "@trpc/server";
import { getHTTPStatusCodeFromError } from "@trpc/server/http";
import { parseTRPCMessage, TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";

import { Sockets } from "./sockets.js";
import { Listening, type Topic } from "./topic.js";
import {
  type Asked,
  batchOf,
  type Call,
  callsIn,
  type ConnectionParams,
  connectionParams,
  data,
  type Envelope,
  envelopeOf,
  type Id,
  inputOf,
  isCall,
  type Reply,
} from "./wire.js";

export interface Options<Router extends AnyTRPCRouter, Session> {
  readonly router: Router;
  /**
   * Returns the session of a new connection. It is stored in the socket's attachment, so keep it small and cloneable.
   * If it throws a TRPCError, the client gets the error and the socket is closed with 4000 + the error's HTTP status.
   */
  admit(params: ConnectionParams | null): Session | Promise<Session>;
  /** Returns the context of a call. Called for each, because a context does not outlive a sleep. */
  createContext(session: Session, socket: WebSocket): inferRouterContext<Router>;
  /** Called after a connection was admitted. */
  onAdmitted?(session: Session): void;
  /** Called with each error, which the client gets in any case. Exceptions in it are ignored. */
  onError?(error: TRPCError, path: string | undefined): void;
  /** The largest number of messages in a batch (default: no limit); each call of a larger batch gets BAD_REQUEST. */
  readonly maxBatchSize?: number;
}

/** A subscription whose procedure has not returned yet. */
interface Start {
  readonly controller: AbortController;
  readonly over: Promise<void>;
}

/** The call that failed, and its context if it was already created. */
interface Failed {
  readonly call?: Call;
  readonly ctx?: unknown;
}

/** Sent to a client if the router's errorFormatter throws; the official adapter sends the same. */
const INTERNAL_ERROR = {
  code: TRPC_ERROR_CODES_BY_KEY.INTERNAL_SERVER_ERROR,
  message: "Internal server error",
  data: { code: "INTERNAL_SERVER_ERROR", httpStatus: 500 },
} as const;

/** The pending work of a socket. */
interface Pending<Session> {
  admission: Promise<Session> | null;
  readonly starting: Map<Id, Start>;
}

/** A socket that has not authenticated for this long is closed when the next one connects. */
const SILENT_MS = 10_000;

/** A close reason has at most 123 bytes (RFC 6455, 5.5); a UTF-16 code unit takes at most three. */
const REASON_CHARACTERS = 41;

/** The close code of the reply: 1000 if the client's code must not be sent in a close frame (RFC 6455, 7.4). */
function closeCode(code: number): number {
  const isLegal = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
  return isLegal ? code : 1000;
}

function isIterable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Symbol.asyncIterator in value || ("subscribe" in value && typeof value.subscribe === "function");
}

export class TrpcHibernation<Router extends AnyTRPCRouter, Session> {
  readonly #options: Options<Router, Session>;
  readonly #sockets: Sockets<Session>;
  readonly #pending = new WeakMap<WebSocket, Pending<Session>>();

  /** Create it in the object's constructor: the runtime forgets the auto-response when the object leaves memory. */
  constructor(state: DurableObjectState, options: Options<Router, Session>) {
    this.#options = options;
    this.#sockets = new Sockets(state);
    // The runtime answers the client's keep-alive, which neither wakes the object nor keeps it awake.
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair("PING", "PONG"));
  }

  /** Accepts a WebSocket request; others get 426. A rejected one is accepted and closed: browsers see no status. */
  async accept(request: Request): Promise<Response> {
    const silent = new TRPCError({ code: "UNAUTHORIZED", message: "no connectionParams came" });
    for (const socket of this.#sockets.silent(Date.now() - SILENT_MS)) this.#refuse(socket, silent);
    if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") {
      return new Response("this is for WebSockets", { status: 426, headers: { Upgrade: "websocket" } });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    if (new URL(request.url).searchParams.get("connectionParams") === "1") {
      this.#sockets.accept(server, { since: Date.now() });
    } else await this.#acceptNow(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Call this from the object's webSocketMessage. */
  async message(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (message === "PONG" || socket.readyState !== WebSocket.OPEN) return;
    const waits = "since" in this.#sockets.attached(socket) && this.#pendingOf(socket).admission === null;
    if (waits) return this.#admit(socket, message);
    const asked = this.#parse(socket, message);
    await Promise.all(asked.map((each, place) => this.#answer(socket, each, place)));
  }

  /** Call this from the object's webSocketClose: without a reply the client waits and reports 1006. */
  close(socket: WebSocket, code: number, reason: string): void {
    for (const { controller } of this.#pendingOf(socket).starting.values()) controller.abort();
    socket.close(closeCode(code), reason);
  }

  /**
   * Sends an event to every subscription of its topic and returns their number, synchronously. If clients
   * resume, store and publish the event without an await in between: each client then gets it exactly once.
   */
  publish<Event>(topic: Topic<Event>, event: Event): number {
    const { result } = this.#transformed({ id: null, result: data(event) }) as { result: unknown };
    const encoded = JSON.stringify(result);
    let told = 0;
    for (const [socket, { subscriptions }] of this.#sockets.admitted()) {
      for (const { topic: name, ...envelope } of subscriptions) {
        if (name !== topic.name) continue;
        socket.send(`${JSON.stringify(envelope).slice(0, -1)},"result":${encoded}}`);
        told += 1;
      }
    }
    return told;
  }

  /** Ends every subscription of a topic, as a generator that returns does, and returns their number. */
  end(topic: Topic<never>): number {
    let ended = 0;
    for (const [socket, admitted] of this.#sockets.admitted()) {
      const over = admitted.subscriptions.filter(({ topic: name }) => name === topic.name);
      if (over.length === 0) continue;
      const subscriptions = admitted.subscriptions.filter(({ topic: name }) => name !== topic.name);
      this.#sockets.attach(socket, { ...admitted, subscriptions });
      for (const { topic: _, ...envelope } of over) this.#send(socket, { ...envelope, result: { type: "stopped" } });
      ended += over.length;
    }
    return ended;
  }

  /** Asks every client to reconnect, as before a deployment; it keeps its old socket until the new one is ready. */
  reconnect(): number {
    const sockets = [...this.#sockets.admitted()];
    for (const [socket] of sockets) socket.send('{"id":null,"method":"reconnect"}');
    return sockets.length;
  }

  /** Returns the sessions of all admitted connections; a user with two sockets appears twice. */
  sessions(): { readonly session: Session; readonly subscriptions: number }[] {
    const admitted = this.#sockets.admitted();
    return Array.from(admitted, ([, { session, subscriptions }]) => ({ session, subscriptions: subscriptions.length }));
  }

  async #acceptNow(socket: WebSocket): Promise<void> {
    let session: Session;
    try {
      session = await this.#options.admit(null);
    } catch (cause) {
      // With the standard API: a hibernating socket that is closed before the response never tells its client.
      socket.accept();
      return this.#refuse(socket, getTRPCErrorFromUnknown(cause));
    }
    this.#sockets.accept(socket, { session, subscriptions: [] });
    this.#options.onAdmitted?.(session);
  }

  async #admit(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const pending = this.#pendingOf(socket);
    // Calls that arrive in the meantime wait for it.
    pending.admission = (async () => this.#options.admit(connectionParams(message)))();
    try {
      const session = await pending.admission;
      if (socket.readyState !== WebSocket.OPEN) return;
      this.#sockets.attach(socket, { session, subscriptions: [] });
      this.#options.onAdmitted?.(session);
    } catch (cause) {
      this.#refuse(socket, getTRPCErrorFromUnknown(cause));
    } finally {
      pending.admission = null;
    }
  }

  /** An error without an id makes the official client back off before it reconnects. */
  #refuse(socket: WebSocket, error: TRPCError): void {
    this.#fail(socket, error);
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.close(4000 + getHTTPStatusCodeFromError(error), error.message.slice(0, REASON_CHARACTERS));
  }

  #parse(socket: WebSocket, message: string | ArrayBuffer): Asked[] {
    try {
      const { messages, isBatch } = batchOf(message);
      if (isBatch && messages.length > (this.#options.maxBatchSize ?? Infinity)) {
        this.#refuseBatch(socket, callsIn(messages));
        return [];
      }
      return messages.map((each) => parseTRPCMessage(each, this.#options.router._def._config.transformer));
    } catch (cause) {
      this.#fail(socket, new TRPCError({ code: "PARSE_ERROR", cause }), { ctx: this.#contextOf(socket) });
      return [];
    }
  }

  #refuseBatch(socket: WebSocket, calls: readonly Envelope[]): void {
    const error = new TRPCError({ code: "BAD_REQUEST", message: "Batch call exceeds maximum size" });
    const shape = this.#shapeOf(error, { ctx: this.#contextOf(socket) });
    for (const envelope of calls.length > 0 ? calls : [{ id: null }]) this.#send(socket, { ...envelope, error: shape });
  }

  async #answer(socket: WebSocket, asked: Asked, batchIndex: number): Promise<void> {
    if (asked.id === null) {
      const error = new TRPCError({ code: "PARSE_ERROR", message: "`id` is required" });
      return this.#fail(socket, error, { ctx: this.#contextOf(socket) });
    }
    if (!isCall(asked)) return this.#stop(socket, asked);
    if (asked.method === "subscription") return this.#start(socket, asked, batchIndex);
    // A client that subscribes and then sends something receives it: later requests run later.
    await Promise.all(Array.from(this.#pendingOf(socket).starting.values(), ({ over }) => over));
    return this.#perform(socket, asked, new AbortController().signal, batchIndex);
  }

  #start(socket: WebSocket, call: Call, batchIndex: number): Promise<void> | void {
    const { starting } = this.#pendingOf(socket);
    if (starting.has(call.id) || this.#sockets.subscriptions(socket).some(({ id }) => id === call.id)) {
      return this.#fail(socket, new TRPCError({ code: "BAD_REQUEST", message: `Duplicate id ${call.id}` }), {
        call,
        ctx: this.#contextOf(socket),
      });
    }
    const controller = new AbortController();
    const over = this.#perform(socket, call, controller.signal, batchIndex).finally(() => {
      if (starting.get(call.id)?.controller === controller) starting.delete(call.id);
    });
    starting.set(call.id, { controller, over });
    return over;
  }

  async #perform(socket: WebSocket, call: Call, signal: AbortSignal, batchIndex: number): Promise<void> {
    let ctx: inferRouterContext<Router> | undefined;
    try {
      ctx = this.#options.createContext(await this.#session(socket), socket);
      await this.#call(socket, call, ctx, signal, batchIndex);
    } catch (cause) {
      // It does not matter how a subscription ends that was stopped before it started.
      if (!signal.aborted) this.#fail(socket, getTRPCErrorFromUnknown(cause), { call, ctx });
    }
  }

  async #call(
    socket: WebSocket,
    call: Call,
    ctx: inferRouterContext<Router>,
    signal: AbortSignal,
    batchIndex: number,
  ): Promise<void> {
    const { path } = call.params;
    const result: unknown = await callTRPCProcedure({
      router: this.#options.router,
      path,
      getRawInput: async () => inputOf(call),
      ctx,
      type: call.method,
      signal,
      batchIndex,
    });
    if (signal.aborted) return;
    if (call.method === "subscription") {
      if (result instanceof Listening) return this.#listen(socket, call, result);
      throw new TRPCError({ code: "INTERNAL_SERVER_ERROR", message: `Subscription ${path} did not return a topic` });
    }
    if (isIterable(result)) {
      const message = `Cannot return an async iterable or observable from a ${call.method} procedure with WebSockets`;
      throw new TRPCError({ code: "UNSUPPORTED_MEDIA_TYPE", message });
    }
    this.#send(socket, { ...envelopeOf(call), result: { type: "data", data: result } });
  }

  /** No await in here: events published before are among the missed ones, later ones are delivered live. */
  #listen(socket: WebSocket, call: Call, { topic, missed }: Listening<unknown>): void {
    const events = [...missed()];
    const attached = this.#sockets.attached(socket);
    if ("since" in attached || socket.readyState !== WebSocket.OPEN) return;
    const envelope = envelopeOf(call);
    const subscriptions = [...attached.subscriptions, { ...envelope, topic: topic.name }];
    this.#sockets.attach(socket, { ...attached, subscriptions });
    this.#send(socket, { ...envelope, result: { type: "started" } });
    for (const event of events) this.#send(socket, { ...envelope, result: data(event) });
  }

  /** Stops a subscription that has started or is about to. Unknown ids are ignored, as the official adapter does. */
  #stop(socket: WebSocket, asked: Asked): void {
    const { starting } = this.#pendingOf(socket);
    const attached = this.#sockets.attached(socket);
    const start = starting.get(asked.id);
    if (start !== undefined) {
      start.controller.abort();
      starting.delete(asked.id);
    } else if ("session" in attached && attached.subscriptions.some(({ id }) => id === asked.id)) {
      const subscriptions = attached.subscriptions.filter(({ id }) => id !== asked.id);
      this.#sockets.attach(socket, { ...attached, subscriptions });
    } else return;
    this.#send(socket, { ...envelopeOf(asked), result: { type: "stopped" } });
  }

  /** Returns the session of a socket, after its admission if that is pending. */
  async #session(socket: WebSocket): Promise<Session> {
    const { admission } = this.#pendingOf(socket);
    if (admission !== null) return admission;
    const attached = this.#sockets.attached(socket);
    if ("session" in attached) return attached.session;
    throw new TRPCError({ code: "UNAUTHORIZED", message: "this connection was not let in" });
  }

  /** Returns a context for the errorFormatter, if there is a session. */
  #contextOf(socket: WebSocket): inferRouterContext<Router> | undefined {
    const attached = this.#sockets.attached(socket);
    if (!("session" in attached)) return undefined;
    try {
      return this.#options.createContext(attached.session, socket);
    } catch {
      return undefined;
    }
  }

  #pendingOf(socket: WebSocket): Pending<Session> {
    const known = this.#pending.get(socket);
    if (known !== undefined) return known;
    const pending: Pending<Session> = { admission: null, starting: new Map() };
    this.#pending.set(socket, pending);
    return pending;
  }

  #fail(socket: WebSocket, error: TRPCError, failed: Failed = {}): void {
    this.#tell(error, failed.call?.params.path);
    const envelope = failed.call === undefined ? { id: null } : envelopeOf(failed.call);
    this.#send(socket, { ...envelope, error: this.#shapeOf(error, failed) });
  }

  #shapeOf(error: TRPCError, { call, ctx }: Failed): typeof INTERNAL_ERROR | ReturnType<typeof getTRPCErrorShape> {
    const { path, input } = call?.params ?? { path: undefined, input: undefined };
    const config = this.#options.router._def._config;
    try {
      return getTRPCErrorShape({ config, error, type: call?.method ?? "unknown", path, input, ctx });
    } catch (cause) {
      this.#tell(getTRPCErrorFromUnknown(cause), path);
      return INTERNAL_ERROR;
    }
  }

  #tell(error: TRPCError, path: string | undefined): void {
    try {
      this.#options.onError?.(error, path);
    } catch {
      // The client still gets its answer.
    }
  }

  #send(socket: WebSocket, reply: Reply): void {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(this.#transformed(reply)));
  }

  #transformed(reply: Reply): unknown {
    return transformTRPCResponse(this.#options.router._def._config, reply);
  }
}
