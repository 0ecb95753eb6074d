// A small app server: a page with a WebSocket to the worker, and an API that counts who asks. Nothing is installed for it.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const page = readFileSync(new URL("page.html", import.meta.url), "utf8");
const { PORT, WORKER_URL, POC_TOKEN } = process.env;

function json(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://app");
  if (pathname === "/api/health") return json(response, 200, { ok: true });
  if (pathname === "/api/echo") return json(response, 200, { echo: searchParams.get("text"), secret: process.env.TICKET_SECRET });
  if (pathname.startsWith("/room/")) {
    // What changes from run to run is told when the page is asked for.
    const config = JSON.stringify({ worker: WORKER_URL.replace("http", "ws"), token: POC_TOKEN });
    response.writeHead(200, { "content-type": "text/html" });
    return response.end(page.replace("CONFIG", config));
  }
  return json(response, 404, { ok: false });
});

server.listen(Number(PORT), "127.0.0.1", () => console.log(`listening, with the secret ${process.env.TICKET_SECRET}`));
