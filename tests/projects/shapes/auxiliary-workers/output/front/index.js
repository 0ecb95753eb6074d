export default {
  async fetch(request, env) {
    const [, folder, name] = new URL(request.url).pathname.split("/");
    if (folder !== "rooms") return new Response("no such page", { status: 404 });
    return env.ROOMS.get(env.ROOMS.idFromName(name)).fetch(request);
  },
};
