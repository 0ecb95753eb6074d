// The adapter's sockets and their state, which is stored in their attachments and so outlives a sleep.
// Attachments are never cached.

import { TRPCError } from "@trpc/server";

import type { Envelope } from "./wire.js";

export interface Subscription extends Envelope {
  readonly topic: string;
}

export interface Admitted<Session> {
  readonly session: Session;
  readonly subscriptions: readonly Subscription[];
}

/** Either admitted, or waiting for its connectionParams since a time in milliseconds since 1970. */
export type Attached<Session> = Admitted<Session> | { readonly since: number };

/** Distinguishes the adapter's sockets from others of the object. */
const TAG = "trpc";

export class Sockets<Session> {
  readonly #state: DurableObjectState;

  constructor(state: DurableObjectState) {
    this.#state = state;
  }

  accept(socket: WebSocket, attached: Attached<Session>): void {
    this.#state.acceptWebSocket(socket, [TAG]);
    this.attach(socket, attached);
  }

  attached(socket: WebSocket): Attached<Session> {
    return socket.deserializeAttachment() as Attached<Session>;
  }

  /** Throws PAYLOAD_TOO_LARGE if it does not fit, and leaves the attachment unchanged. */
  attach(socket: WebSocket, attached: Attached<Session>): void {
    try {
      socket.serializeAttachment(attached);
    } catch (cause) {
      // 16,384 bytes, of which a subscription takes about 40
      const many = "session" in attached && attached.subscriptions.length > 0;
      const message = many ? "too many subscriptions on this connection" : "the session does not fit the attachment";
      throw new TRPCError({ code: "PAYLOAD_TOO_LARGE", message, cause });
    }
  }

  /** Returns the subscriptions of a socket; empty if it was not admitted. */
  subscriptions(socket: WebSocket): readonly Subscription[] {
    const attached = this.attached(socket);
    return "session" in attached ? attached.subscriptions : [];
  }

  /** Returns the admitted sockets that are still connected. */
  *admitted(): Generator<[WebSocket, Admitted<Session>]> {
    for (const [socket, attached] of this.#open()) if ("session" in attached) yield [socket, attached];
  }

  /** Returns the sockets that have not authenticated since that time. */
  *silent(since: number): Generator<WebSocket> {
    for (const [socket, attached] of this.#open()) if ("since" in attached && attached.since < since) yield socket;
  }

  *#open(): Generator<[WebSocket, Attached<Session>]> {
    for (const socket of this.#state.getWebSockets(TAG)) {
      if (socket.readyState === WebSocket.OPEN) yield [socket, this.attached(socket)];
    }
  }
}
