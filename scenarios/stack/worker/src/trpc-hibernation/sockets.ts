// The sockets of the adapter, and what is known of each: that stands in its attachment, which a sleep keeps.
// Never caches an attachment.

import { TRPCError } from "@trpc/server";

import type { Envelope } from "./wire.js";

export interface Subscription extends Envelope {
  readonly topic: string;
}

export interface Admitted<Session> {
  readonly session: Session;
  readonly subscriptions: readonly Subscription[];
}

/** It was let in, or waits for its connectionParams since a time, in milliseconds since 1970. */
export type Attached<Session> = Admitted<Session> | { readonly since: number };

/** Tells ours from others that the object may have. */
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

  /** Throws PAYLOAD_TOO_LARGE for what does not fit, and leaves the attachment as it was. */
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

  /** Gives what a socket listens to; one that was not let in listens to nothing. */
  subscriptions(socket: WebSocket): readonly Subscription[] {
    const attached = this.attached(socket);
    return "session" in attached ? attached.subscriptions : [];
  }

  /** Gives those that were let in and are still connected. */
  *admitted(): Generator<[WebSocket, Admitted<Session>]> {
    for (const [socket, attached] of this.#open()) if ("session" in attached) yield [socket, attached];
  }

  /** Gives those that have not said since that time who they are. */
  *silent(since: number): Generator<WebSocket> {
    for (const [socket, attached] of this.#open()) if ("since" in attached && attached.since < since) yield socket;
  }

  *#open(): Generator<[WebSocket, Attached<Session>]> {
    for (const socket of this.#state.getWebSockets(TAG)) {
      if (socket.readyState === WebSocket.OPEN) yield [socket, this.attached(socket)];
    }
  }
}
