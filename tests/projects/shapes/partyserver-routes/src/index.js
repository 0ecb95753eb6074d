import { routePartykitRequest, Server } from "partyserver";

export class Chat extends Server {
  onMessage(socket, text) {
    socket.send(text);
  }
}

export default {
  fetch: async (request, env) =>
    (await routePartykitRequest(request, env)) ?? new Response("no such page", { status: 404 }),
};
