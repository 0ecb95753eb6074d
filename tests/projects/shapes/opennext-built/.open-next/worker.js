import { AsyncLocalStorage } from "node:async_hooks";

const context = new AsyncLocalStorage();
export class DOQueueHandler {}
export default {
  fetch: (request, env) =>
    context.run({ env }, async () => {
      const { handler } = await import("./server-functions/default/handler.mjs");
      return handler(request);
    }),
};
