// Throws in each place where an object's code runs, on request: the path is /OBJECT, a message names the place.
import { DurableObject } from "cloudflare:workers";
import { greet } from "./greet.js";

function fail(where) {
  throw new TypeError(`no ${where}`);
}

export class Room extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    if (ctx.storage.kv.get("constructor")) fail("constructor");
    if (ctx.storage.kv.get("blocking")) ctx.blockConcurrencyWhile(async () => fail("blocking"));
    if (ctx.storage.kv.get("stuck")) ctx.blockConcurrencyWhile(() => new Promise((done) => setTimeout(done, 60_000)));
  }

  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/fail")) fail("fetch");
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  tell() {
    fail("tell");
  }

  async webSocketMessage(socket, text) {
    const { storage } = this.ctx;
    console.log("got", text);
    switch (text) {
      case "message":
        return fail("message");
      case "package":
        return greet(undefined);
      case "text":
        throw "just a text";
      case "timer":
        setTimeout(() => fail("timer"), 10);
        break;
      case "waitUntil":
        this.ctx.waitUntil(scheduler.wait(10).then(() => fail("waitUntil")));
        break;
      case "reject":
        Promise.reject(new TypeError("no reject"));
        break;
      case "alarm":
        await storage.setAlarm(Date.now() + 50);
        break;
      case "secret":
        throw new Error(`the key is ${this.env.API_KEY}`);
      case "abort":
        return this.ctx.abort("no abort");
      case "caught":
        try {
          return fail("caught");
        } catch (error) {
          return console.error("could not", error);
        }
      case "constructor":
      case "blocking":
      case "stuck":
        storage.kv.put(text, true);
        break;
    }
    socket.send(JSON.stringify({ done: text }));
  }

  webSocketClose(socket, code) {
    socket.close(code);
    if (code === 4000) fail("close");
  }

  alarm() {
    console.warn("alarm", { rings: 1 });
    fail("alarm");
  }
}

export default {
  async fetch(request, env) {
    const [, name, call] = new URL(request.url).pathname.split("/");
    if (call === "front") fail("front");
    const room = env.ROOM.get(env.ROOM.idFromName(name));
    if (call === "tell") return Response.json(await room.tell());
    return room.fetch(request);
  },
};
