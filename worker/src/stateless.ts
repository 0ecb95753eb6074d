// A WebSocket in a plain Worker, without an object, for comparison.
// Connections share nothing, because they may be in different isolates.

import { BadRequest } from "./fields.ts";
import { legalCloseCode, parseFields } from "./messages.ts";

/** Accepts a socket with the standard API and replies to its close on every compatibility date. */
export function acceptAndAnswerClose(socket: WebSocket): void {
  socket.accept();
  socket.addEventListener("close", (event) => socket.close(legalCloseCode(event.code), event.reason));
}

class Connection {
  readonly #instance = crypto.randomUUID();
  readonly #name: string;
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  answer(message: string | ArrayBuffer): object {
    let id: unknown;
    try {
      const fields = parseFields(message);
      id = fields["id"];
      const op = fields["op"];
      const self = { instance: this.#instance, name: this.#name };
      return { op, ...idOf(id), ok: true, ...this.#perform(op), ...self };
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      return { ok: false, error: error.code, message: error.message, ...idOf(id) };
    }
  }

  #perform(op: unknown): object {
    if (op === "who") return {};
    if (op !== "count") throw new BadRequest("unknown_op", '"op" must be one of who, count');
    this.#count += 1;
    return { count: this.#count };
  }
}

function idOf(id: unknown): object {
  return id === undefined ? {} : { id };
}

/** Opens a connection that only this Worker holds; `name` is in its replies. */
export function connectStateless(name: string): WebSocket {
  const { 0: client, 1: server } = new WebSocketPair();
  const connection = new Connection(name);
  acceptAndAnswerClose(server);
  server.addEventListener("message", ({ data }) => server.send(JSON.stringify(connection.answer(data))));
  return client;
}
