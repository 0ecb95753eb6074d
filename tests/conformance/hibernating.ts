// The adapter of scenarios/stack, in an object whose sockets hibernate.

import { DurableObject } from "cloudflare:workers";

import { TrpcHibernation } from "../../scenarios/stack/worker/src/trpc-hibernation/adapter.ts";
import { Topic } from "../../scenarios/stack/worker/src/trpc-hibernation/topic.ts";
import { type Context, contextOf, MAX_BATCH_SIZE, routerWith, type Source } from "./router.ts";

interface Env {
  readonly ROOMS: DurableObjectNamespace;
}

interface InRoom extends Context {
  readonly source: Source;
}

const router = routerWith((ctx) => (ctx as InRoom).source);

export class Room extends DurableObject<Env> {
  readonly #trpc = new TrpcHibernation<typeof router, Context>(this.ctx, {
    router,
    admit: contextOf,
    createContext: (session): InRoom => ({ ...session, source: this.#source }),
    maxBatchSize: MAX_BATCH_SIZE,
  });
  readonly #source: Source = {
    listen: (topic, _signal, missed) => new Topic(topic).listen(missed),
    publish: (topic, event) => void this.#trpc.publish(new Topic(topic), event),
    end: (topic) => void this.#trpc.end(new Topic(topic)),
  };

  override fetch(request: Request): Promise<Response> {
    return this.#trpc.accept(request);
  }

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    return this.#trpc.message(socket, message);
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    this.#trpc.close(socket, code, reason);
  }
}

export default {
  fetch: (request: Request, env: Env): Promise<Response> =>
    env.ROOMS.get(env.ROOMS.idFromName(new URL(request.url).pathname)).fetch(request),
};
