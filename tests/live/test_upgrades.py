"""A project before and after an upgrade of a package that begins to pin the object, as docs/ci.md compares them."""

import json
from pathlib import Path

import pytest

from tests.support.command import Poc

pytestmark = [pytest.mark.live, pytest.mark.long]

WRANGLER = {
    "name": "chat",
    "main": "src/index.js",
    "compatibility_date": "2026-10-01",
    "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]},
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}],
}

WORKER = """\
import { DurableObject } from "cloudflare:workers";
import { watch } from "presence";

export class Room extends DurableObject {
  fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    watch(this.ctx);
    return new Response(null, { status: 101, webSocket: client });
  }
  webSocketMessage(socket, message) { socket.send(message); }
}

export default {
  fetch(request, env) { return env.ROOM.getByName(new URL(request.url).pathname).fetch(request); },
};
"""

PACKAGE = {
    "before": "export function watch(state) {\n  return state.getWebSockets().length;\n}\n",
    "after": "export function watch(state) {\n  setInterval(() => state.getWebSockets(), 5_000);\n}\n",
}

SCENARIO = """\
name    = "sleeps"
title   = "The room sleeps."
object  = { class = "Room", name = "/{play}" }
clients = { ann = "/{play}" }
steps   = [
  { connect = "ann" },
  { on = "ann", send = "one", expect = "one" },
  { hibernate = "idle" },
]

[[claim]]
id     = "room-sleeps"
says   = "The room leaves memory after ten seconds."
source = "https://developers.cloudflare.com/durable-objects/concepts/durable-object-lifecycle/"
check  = "sleeps"
"""


def project(folder: Path, package: str) -> None:
    files = {
        "wrangler.json": json.dumps(WRANGLER),
        "src/index.js": WORKER,
        "node_modules/presence/package.json": json.dumps({"name": "presence", "type": "module", "main": "index.js"}),
        "node_modules/presence/index.js": package,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("sleep", ["idle", "evict"])
def test_the_package_that_begins_to_pin_is_named_with_the_projects_line(poc: Poc, sleep: str) -> None:
    (poc.folder / "sleeps.toml").write_text(SCENARIO, encoding="utf-8")
    for name, package in PACKAGE.items():
        project(poc.folder / name, package)
        poc.run("run", "sleeps.toml", "--worker", name, "--sleep", sleep, "--results", f"{name}/results", "-q")
    ran = poc.run("compare", "before/results/latest", "after/results/latest")
    assert ran.code == 1
    assert "sleeps/room-sleeps  held → refuted\n" in ran.out
    assert "pinned by setInterval in presence/index.js:2, from src/index.js:8\n" in ran.out
