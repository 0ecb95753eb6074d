import { routeAgentRequest, Agent } from "agents";

export class Chat extends Agent {
  onMessage(socket, text) {
    socket.send(text);
  }
}

export default {
  fetch: async (request, env) =>
    (await routeAgentRequest(request, env)) ?? new Response("no such page", { status: 404 }),
};
