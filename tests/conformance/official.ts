// tRPC's own WebSocket adapter on Node; writes its port to standard output.

import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";

import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { WebSocketServer } from "ws";

import { contextOf, MAX_BATCH_SIZE, routerWith, type Source } from "./router.ts";

const END = Symbol("end");
const emitter = new EventEmitter().setMaxListeners(0);

async function* events(
  topic: string,
  signal: AbortSignal | undefined,
  missed: Iterable<unknown>,
): AsyncGenerator<unknown> {
  const heard: unknown[] = [];
  let wake = (): void => {};
  emitter.on(topic, (event) => {
    heard.push(event);
    wake();
  });
  // A generator that waits for its next event does not end by itself.
  signal?.addEventListener("abort", () => {
    heard.push(END);
    wake();
  });
  yield* missed;
  for (;;) {
    while (heard.length > 0) {
      const event = heard.shift();
      if (event === END) return;
      yield event;
    }
    await new Promise<void>((resolve) => (wake = resolve));
  }
}

const source: Source = {
  listen: (topic, signal, missed = () => []) => events(topic, signal, missed()),
  publish: (topic, event) => void emitter.emit(topic, event),
  end: (topic) => void emitter.emit(topic, END),
};

const server = createServer();
applyWSSHandler({
  wss: new WebSocketServer({ server }),
  router: routerWith(() => source),
  createContext: ({ info }) => contextOf(info.connectionParams),
  maxBatchSize: MAX_BATCH_SIZE,
  onError: () => {},
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
console.log((server.address() as { port: number }).port);
