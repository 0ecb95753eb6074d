// The bug: a connection to the Worker is answered anew for each message, by somebody who knows nothing of the ones before.
// Must turn red: stateless/connection-to-a-worker-has-its-own-state.

import type { Env } from "./env.ts";
import strict from "./index.ts";
import { acceptAndAnswerClose, connectStateless } from "./stateless.ts";

export { Room } from "./index.ts";

function answeredAnew(name: string): WebSocket {
  const { 0: client, 1: server } = new WebSocketPair();
  acceptAndAnswerClose(server);
  server.addEventListener("message", ({ data }) => {
    const inner = connectStateless(name);
    inner.accept();
    inner.addEventListener("message", (answer) => server.send(answer.data));
    inner.send(data);
  });
  return client;
}

export default {
  async fetch(request, env): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname !== "/stateless") return strict.fetch(request, env);
    return new Response(null, { status: 101, webSocket: answeredAnew(url.searchParams.get("name") ?? "") });
  },
} satisfies ExportedHandler<Env>;
