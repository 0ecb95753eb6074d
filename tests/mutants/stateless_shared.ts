// The bug: what belongs to one connection is kept in a variable of the module, where all connections find it.
// Must turn red: stateless/connections-to-a-worker-share-nothing.

import type { Env } from "./env.ts";
import strict from "./index.ts";
import { acceptAndAnswerClose } from "./stateless.ts";

export { Room } from "./index.ts";

let count = 0;
let instance = "";

function answered(): WebSocket {
  const { 0: client, 1: server } = new WebSocketPair();
  acceptAndAnswerClose(server);
  instance ||= crypto.randomUUID();
  server.addEventListener("message", ({ data }) => {
    const { op } = JSON.parse(String(data));
    if (op === "count") server.send(JSON.stringify({ op, ok: true, count: (count += 1), instance }));
    else server.send(JSON.stringify({ ok: false, error: "unknown_op" }));
  });
  return client;
}

export default {
  async fetch(request, env): Promise<Response> {
    if (new URL(request.url).pathname !== "/stateless") return strict.fetch(request, env);
    return new Response(null, { status: 101, webSocket: answered() });
  },
} satisfies ExportedHandler<Env>;
