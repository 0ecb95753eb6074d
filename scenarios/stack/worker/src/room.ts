// A chat room as a Durable Object with hibernating WebSockets: messages in SQLite, users in the sockets' attachments.
// Nothing that must outlive a sleep is kept in memory; the instance id exists to show that memory was lost.

import { DurableObject } from "cloudflare:workers";

import { askBot } from "./backend.ts";
import type { Env } from "./env.ts";
import type { Message } from "./message.ts";
import { type Push, WINDOW_SECONDS } from "./requests.ts";
import { type AppRouter, appRouter, type ChatApi, event, MESSAGES, PRESENCE } from "./router.ts";
import { Messages, Spent } from "./storage.ts";
import { checkTicket, unauthorized } from "./tickets.ts";
import { TrpcHibernation } from "./trpc-hibernation/adapter.ts";

interface Session {
  readonly user: string;
}

export class ChatRoom extends DurableObject<Env> implements ChatApi {
  readonly #instance = crypto.randomUUID();
  readonly #messages: Messages;
  readonly #spent: Spent;
  readonly #trpc: TrpcHibernation<AppRouter, Session>;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#messages = new Messages(state.storage.sql);
    this.#spent = new Spent(state.storage.sql);
    this.#trpc = new TrpcHibernation<AppRouter, Session>(state, {
      router: appRouter,
      admit: (params) => this.#admit(params?.["ticket"] ?? ""),
      createContext: ({ user }) => ({ user, room: this }),
      onAdmitted: () => this.#tellPresence(),
    });
  }

  override fetch(request: Request): Promise<Response> {
    return this.#trpc.accept(request);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    return this.#trpc.message(socket, message);
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    this.#trpc.close(socket, code, reason);
    this.#tellPresence();
  }

  override webSocketError(): void {
    this.#tellPresence(); // the runtime has closed the socket already
  }

  /** Carries out a push once: returns null if the nonce was used before. */
  push(push: Push, nonce: string): { told: number } | null {
    // A timestamp may be one window ahead, and is valid for one window from then on.
    if (!this.#spent.spend(`nonce ${nonce}`, Date.now() / 1000 + 2 * WINDOW_SECONDS)) return null;
    if ("reconnect" in push) return { told: this.#trpc.reconnect() };
    return { told: this.#publish(this.#messages.add("system", push.say)) };
  }

  say(user: string, text: string): Message {
    const message = this.#messages.add(user, text);
    this.#publish(message);
    return message;
  }

  async ask(user: string, text: string): Promise<Message> {
    this.say(user, text);
    const answer = await askBot(this.env, this.#name, text);
    return this.say("bot", answer);
  }

  after(id: number): Message[] {
    return this.#messages.after(id);
  }

  latest(limit: number): Message[] {
    return this.#messages.latest(limit);
  }

  present(): string[] {
    return [...new Set(this.#trpc.sessions().map(({ session }) => session.user))].sort();
  }

  who(): { instance: string; sockets: number; subscriptions: number } {
    const sessions = this.#trpc.sessions();
    const subscriptions = sessions.reduce((sum, each) => sum + each.subscriptions, 0);
    return { instance: this.#instance, sockets: sessions.length, subscriptions };
  }

  async #admit(ticket: string): Promise<Session> {
    const { user, jti, exp } = await checkTicket(this.env.TICKET_SECRET, ticket, this.#name);
    if (!this.#spent.spend(`ticket ${jti}`, exp)) throw unauthorized("the ticket was used before");
    return { user };
  }

  #tellPresence(): void {
    this.#trpc.publish(PRESENCE, this.present());
  }

  #publish(message: Message): number {
    return this.#trpc.publish(MESSAGES, event(message));
  }

  /** Rooms are always addressed by name, never by id. */
  get #name(): string {
    if (this.ctx.id.name === undefined) throw new Error("this room has no name");
    return this.ctx.id.name;
  }
}
