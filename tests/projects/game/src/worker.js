import { Buffer } from "node:buffer";

export { Table } from "./table.js";

export default {
  async fetch(request, env) {
    const name = new URL(request.url).pathname.slice("/table/".length);
    if (request.headers.get("Upgrade") !== "websocket") return new Response(Buffer.from("dots").toString("hex"));
    return env.TABLES.get(env.TABLES.idFromName(name)).fetch(request);
  },
};
