"""A client's socket that something before the object holds is never called the object's own, on real workerd."""

from pathlib import Path

import pytest

from tests.support.command import Poc
from tests.support.record import claims

pytestmark = pytest.mark.live

WORKER = """\
import { DurableObject } from "cloudflare:workers";
export class Room extends DurableObject {
  fetch() {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }
  webSocketMessage(ws, message) { ws.send(message); }
}
async function pipe(room) {
  const up = (await room.fetch("http://room/", { headers: { Upgrade: "websocket" } })).webSocket;
  const [client, server] = Object.values(new WebSocketPair());
  server.accept();
  up.accept();
  server.addEventListener("message", (event) => up.send(event.data));
  up.addEventListener("message", (event) => server.send(event.data));
  return new Response(null, { status: 101, webSocket: client });
}
export class Gate extends DurableObject {
  fetch(request) { return pipe(this.env.ROOM.getByName(new URL(request.url).pathname.split("/")[2])); }
}
export default {
  fetch(request, env) {
    const [, kind, name] = new URL(request.url).pathname.split("/");
    if (kind === "gate") return env.GATE.getByName("before " + name).fetch(request);
    const room = env.ROOM.getByName(name);
    return kind === "relay" ? pipe(room) : room.fetch(request);
  },
};
"""
DECLARATION = """\
using Workerd = import "/workerd/workerd.capnp";
const main :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "index.js")],
  compatibilityDate = "2026-09-01",
  durableObjectNamespaces = [
    (className = "Room", uniqueKey = "room", enableSql = true),
    (className = "Gate", uniqueKey = "gate", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "ROOM", durableObjectNamespace = "Room"), (name = "GATE", durableObjectNamespace = "Gate")],
  globalOutbound = "internet",
);
"""
STORY = """\
name = "{kind}"
title = "A story."
object = {{ class = "Room", name = "{{play}}" }}
clients = {{ ann = "/{kind}/{{play}}?name=ann", bob = "/{kind}/{{play}}?name=bob" }}
steps = [
  {{ connect = ["ann", "bob"] }},
  {{ on = ["ann", "bob"], send = {{ n = 1 }}, expect = {{ n = 1 }} }},
  {{ hibernate = "evict" }},
  {{ resume = "ann", send = {{ n = 2 }}, expect = {{ n = 2 }} }},
  {{ on = "bob", send = {{ n = 3 }}, expect = {{ n = 3 }} }},
]

[[claim]]
id = "sockets-survive"
says = "The sockets survive."
check = "connections-survive"

[[claim]]
id = "it-sleeps"
says = "It sleeps with its sockets."
check = "sleeps"
"""


def folder(poc: Poc) -> Path:
    """Write the worker, and a story for each way to its room."""
    worker = poc.folder / "worker"
    worker.mkdir()
    (worker / "index.js").write_text(WORKER, encoding="utf-8")
    (worker / "local.capnp").write_text(DECLARATION, encoding="utf-8")
    for kind in ("room", "gate", "relay"):
        (poc.folder / f"{kind}.toml").write_text(STORY.format(kind=kind), encoding="utf-8")
    return worker


def test_a_socket_is_the_object_s_only_where_nothing_holds_it_before_the_object(poc: Poc) -> None:
    worker = folder(poc)
    stories = (str(poc.folder / f"{kind}.toml") for kind in ("room", "gate", "relay"))
    ran = poc.run("run", *stories, "--worker", str(worker), "--json")
    found = claims(ran.document())
    for claim in ("sockets-survive", "it-sleeps"):
        assert found[f"room/{claim}"]["verdict"] == "held"
        assert found[f"gate/{claim}"]["verdict"] == found[f"relay/{claim}"]["verdict"] == "unknown"
        assert "the socket is held by another object (Gate" in found[f"gate/{claim}"]["reason"]
        assert "pinned by a standard-API WebSocket (index.js:" in found[f"gate/{claim}"]["reason"]
        assert "the socket is held by the Worker in front (main)" in found[f"relay/{claim}"]["reason"]
