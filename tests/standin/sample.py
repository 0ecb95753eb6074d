"""A small project for the stand-in's own tests: one class with hibernating WebSockets, a secret and a variable."""

import json
from pathlib import Path
from typing import Any

_WORKER = """
import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.instance = crypto.randomUUID();
  }
  async fetch(request) {
    const [theirs, ours] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(ours);
    return new Response(null, { status: 101, webSocket: theirs });
  }
  async webSocketMessage(socket, message) {
    console.log("heard", message);
    const count = ((await this.ctx.storage.get("count")) ?? 0) + 1;
    await this.ctx.storage.put("count", count);
    const { VERSION, SECRET } = this.env;
    socket.send(JSON.stringify({ count, instance: this.instance, version: VERSION, secret: SECRET ?? null }));
  }
  webSocketClose(socket, code) {
    socket.close(code === 1005 ? 1000 : code);
  }
}
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/about")) {
      return Response.json({ url: request.url, version: env.VERSION, colo: request.cf?.colo });
    }
    if (pathname.startsWith("/call/")) return fetch(decodeURIComponent(pathname.slice("/call/".length)));
    return env.ROOM.getByName(pathname).fetch(request);
  },
};
"""


def write(folder: Path, version: str = "1", **settings: Any) -> None:
    """Put the project there. `version` is what the Worker says it is; `settings` replace those of its configuration."""
    config: dict[str, Any] = {
        "name": "sample",
        "main": "index.js",
        "compatibility_date": "2026-10-01",
        "vars": {"VERSION": version},
        "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]},
        "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}],
    } | settings
    kept = {name: value for name, value in config.items() if value is not None}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wrangler.json").write_text(json.dumps(kept), encoding="utf-8")
    (folder / "index.js").write_text(_WORKER, encoding="utf-8")
