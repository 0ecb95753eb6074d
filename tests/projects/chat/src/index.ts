import type { Env } from "./env";

export { Lobby } from "./lobby";
export { Room } from "./room";

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    const [, folder, name] = url.pathname.split("/");
    if (folder !== "rooms" || !name) return new Response("no such page", { status: 404 });
    if (env.INVITE !== undefined && url.searchParams.get("invite") !== env.INVITE) {
      return new Response("not invited", { status: 403 });
    }
    if (request.headers.get("Upgrade") !== "websocket") return new Response("a WebSocket, please", { status: 426 });
    return env.ROOMS.get(env.ROOMS.idFromName(name)).fetch(request);
  },
} satisfies ExportedHandler<Env>;
