// Two protocols that are not plain JSON: events in the frames of engine.io, and documents in the bytes of Yjs.
import { Chat } from "./chat";
import { Doc } from "./doc";

export { Chat, Doc };

interface Env {
  CHATS: DurableObjectNamespace<Chat>;
  DOCS: DurableObjectNamespace<Doc>;
}

export default {
  fetch(request: Request, env: Env): Promise<Response> | Response {
    const [, kind, name] = new URL(request.url).pathname.split("/");
    const space = { chat: env.CHATS, doc: env.DOCS }[kind];
    if (space === undefined || !name) return new Response("not found", { status: 404 });
    return space.get(space.idFromName(name)).fetch(request);
  },
} satisfies ExportedHandler<Env>;
