// tRPC's WebSocket protocol for a Durable Object whose sockets hibernate: any router, the official client.
// Never keeps in memory what a sleep may not lose: there are only calls without an answer yet, and while there is one
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
   * Lets a connection in and gives its session, which is kept with the socket and so must be small and cloneable.
   * A TRPCError that it throws is sent to the client, and the socket closed with 4000 + the error's HTTP status.
   */
  admit(params: ConnectionParams | null): Session | Promise<Session>;
  /** Gives the context of a call. It is made anew for each, because a context does not outlive a sleep. */
  createContext(session: Session, socket: WebSocket): inferRouterContext<Router>;
  /** Is told of each connection that was let in. */
  onAdmitted?(session: Session): void;
  /** Is told what has gone wrong; the client is told anyhow. What it throws is ignored. */
  onError?(error: TRPCError, path: string | undefined): void;
  /** How many messages a batch may have; each call of a larger one is answered with BAD_REQUEST. Any number, unless set. */
  readonly maxBatchSize?: number;
}

/** A subscription whose procedure has not answered yet. */
interface Start {
  readonly controller: AbortController;
  readonly over: Promise<void>;
}

/** What an error is about: the call that failed, and its context if there was one by then. */
interface Failed {
  readonly call?: Call;
  readonly ctx?: unknown;
}

/** What a client gets if the router's errorFormatter throws; tRPC's own adapter sends the same. */
const INTERNAL_ERROR = {
  code: TRPC_ERROR_CODES_BY_KEY.INTERNAL_SERVER_ERROR,
  message: "Internal server error",
  data: { code: "INTERNAL_SERVER_ERROR", httpStatus: 500 },
} as const;

/** What a socket has under way. */
interface Pending<Session> {
  admission: Promise<Session> | null;
  readonly starting: Map<Id, Start>;
}

/** A socket that does not say who it is for longer than that is closed when the next one comes. */
const SILENT_MS = 10_000;

/** A close reason has at most 123 bytes (RFC 6455, 5.5), and a character of JavaScript's at most three. */
const REASON_CHARACTERS = 41;

/** The code of the reply to a close: 1000 if no close frame may carry that of the client (RFC 6455, 7.4). */
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

  /** To be made in the object's constructor: the runtime forgets the auto-response when it drops an object. */
  constructor(state: DurableObjectState, options: Options<Router, Session>) {
    this.#options = options;
    this.#sockets = new Sockets(state);
    // The client's keep-alive, answered by the runtime: it neither wakes the object nor keeps it awake.
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair("PING", "PONG"));
  }

  /** Answers the request for a WebSocket, any other with 426. One that is refused is accepted and closed: a browser sees no HTTP status. */
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

  /** To be called by the object's webSocketMessage. */
  async message(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    if (message === "PONG" || socket.readyState !== WebSocket.OPEN) return;
    const waits = "since" in this.#sockets.attached(socket) && this.#pendingOf(socket).admission === null;
    if (waits) return this.#admit(socket, message);
    const asked = this.#parse(socket, message);
    await Promise.all(asked.map((each, place) => this.#answer(socket, each, place)));
  }

  /** To be called by the object's webSocketClose: without a reply the client waits and reports 1006. */
  close(socket: WebSocket, code: number, reason: string): void {
    for (const { controller } of this.#pendingOf(socket).starting.values()) controller.abort();
    socket.close(closeCode(code), reason);
  }

  /**
   * Sends an event to every subscription of its topic, and gives their number. Waits for nothing. Where clients
   * resume, store the event and publish it with no await in between: then it is missed or heard, never both or neither.
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

  /** Ends every subscription of a topic, as a generator that returns does, and gives their number. */
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

  /** Asks every client to connect anew, as before a deployment; it keeps its old socket until the new one serves it. */
  reconnect(): number {
    const sockets = [...this.#sockets.admitted()];
    for (const [socket] of sockets) socket.send('{"id":null,"method":"reconnect"}');
    return sockets.length;
  }

  /** Gives everyone who was let in and is still connected; who has two sockets is there twice. */
  sessions(): { readonly session: Session; readonly subscriptions: number }[] {
    const admitted = this.#sockets.admitted();
    return Array.from(admitted, ([, { session, subscriptions }]) => ({ session, subscriptions: subscriptions.length }));
  }

  async #acceptNow(socket: WebSocket): Promise<void> {
    let session: Session;
    try {
      session = await this.#options.admit(null);
    } catch (cause) {
      // By the standard API: what the hibernating one closes before the request is answered, the client is not told.
      socket.accept();
      return this.#refuse(socket, getTRPCErrorFromUnknown(cause));
    }
    this.#sockets.accept(socket, { session, subscriptions: [] });
    this.#options.onAdmitted?.(session);
  }

  async #admit(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    const pending = this.#pendingOf(socket);
    // Calls that come meanwhile wait for it.
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

  /** An error without an id: on that the official client waits longer before each attempt to connect again. */
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
    // Who subscribes and then says something hears it: what is asked later is done later.
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
      // A subscription that was stopped before it started may end in whatever way.
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

  /** Nothing in here awaits: what was published before is among the missed, what is published after is heard. */
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

  /** Stops what has started or is about to; of an id that is neither, tRPC says nothing, and so do we. */
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

  /** Gives the session of a socket, and waits where its admission is under way. */
  async #session(socket: WebSocket): Promise<Session> {
    const { admission } = this.#pendingOf(socket);
    if (admission !== null) return admission;
    const attached = this.#sockets.attached(socket);
    if ("session" in attached) return attached.session;
    throw new TRPCError({ code: "UNAUTHORIZED", message: "this connection was not let in" });
  }

  /** Returns a context for the errorFormatter, where there is a session. */
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
      // The client is answered all the same.
    }
  }

  #send(socket: WebSocket, reply: Reply): void {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(this.#transformed(reply)));
  }

  #transformed(reply: Reply): unknown {
    return transformTRPCResponse(this.#options.router._def._config, reply);
  }
}
