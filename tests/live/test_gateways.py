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
const UPGRADE = { headers: { Upgrade: "websocket" } };
function join(up) {
  const [client, server] = Object.values(new WebSocketPair());
  server.accept();
  server.addEventListener("message", (event) => up.send(event.data));
  up.addEventListener("message", (event) => server.send(event.data));
  return new Response(null, { status: 101, webSocket: client });
}
async function opened(response) {
  const up = (await response).webSocket;
  up.accept();
  return up;
}
async function dialed(url) {
  const up = new WebSocket(url.replace("http", "ws"));
  await new Promise((done) => up.addEventListener("open", done));
  return up;
}
const ways = {
  binding: (env, name) => opened(env.ROOM.getByName(name).fetch("http://room/", UPGRADE)),
  service: (env, name) => opened(env.SELF.fetch("http://self/room/" + name, UPGRADE)),
  fetch: (env, name, url) => opened(fetch(new URL("/room/" + name, url), UPGRADE)),
  socket: (env, name, url) => dialed(String(new URL("/room/" + name, url))),
};
async function pipe(request, env) {
  const [, kind, name] = new URL(request.url).pathname.split("/");
  return join(await ways[kind.split("-")[1]](env, name, request.url));
}
export class Gate extends DurableObject {
  fetch(request) { return pipe(request, this.env); }
}
export default {
  fetch(request, env, ctx) {
    const [, kind, name] = new URL(request.url).pathname.split("/");
    if (kind.startsWith("gate")) return env.GATE.getByName("before " + name).fetch(request);
    if (kind.startsWith("relay")) return pipe(request, env);
    if (kind === "waiting") ctx.waitUntil(new Promise((done) => setTimeout(done, 25000)));
    return env.ROOM.getByName(name).fetch(request);
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
  bindings = [
    (name = "ROOM", durableObjectNamespace = "Room"), (name = "GATE", durableObjectNamespace = "Gate"),
    (name = "SELF", service = "main")],
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


DIRECT = ("room", "waiting")
WAYS = ("binding", "service", "fetch", "socket")
GATEWAYS = tuple(f"{kind}-{way}" for kind in ("gate", "relay") for way in WAYS)
"""A gateway is an object or a Worker, and reaches the room over a binding, a service or the network."""


def folder(poc: Poc) -> Path:
    """Write the worker, and a story for each way to its room."""
    worker = poc.folder / "worker"
    worker.mkdir()
    (worker / "index.js").write_text(WORKER, encoding="utf-8")
    (worker / "local.capnp").write_text(DECLARATION, encoding="utf-8")
    for kind in (*DIRECT, *GATEWAYS):
        (poc.folder / f"{kind}.toml").write_text(STORY.format(kind=kind), encoding="utf-8")
    return worker


def test_a_socket_is_the_object_s_only_where_nothing_holds_it_before_the_object(poc: Poc) -> None:
    worker = folder(poc)
    stories = (str(poc.folder / f"{kind}.toml") for kind in (*DIRECT, *GATEWAYS))
    ran = poc.run("run", *stories, "--worker", str(worker), "--json")
    found = claims(ran.document())
    for claim in ("sockets-survive", "it-sleeps"):
        assert {found[f"{kind}/{claim}"]["verdict"] for kind in DIRECT} == {"held"}
        assert {found[f"{kind}/{claim}"]["verdict"] for kind in GATEWAYS} == {"unknown"}
        for way in WAYS:
            gate, relay = (found[f"{kind}-{way}/{claim}"]["reason"] for kind in ("gate", "relay"))
            assert "the socket is held by another object (Gate" in gate
            assert "the socket is held by the Worker in front (main)" in relay
            for reason in (gate, relay):
                assert "WebSocket (index.js:" in reason
                assert ("over the network" in reason) == (way in {"fetch", "socket"})


@pytest.mark.long
def test_nor_does_a_session_with_sleeps_everywhere_hold_behind_a_gateway(poc: Poc) -> None:
    worker = folder(poc)
    kinds = ("room", "gate-binding", "relay-binding")
    stories = (str(poc.folder / f"{kind}.toml") for kind in kinds)
    ran = poc.run("run", *stories, "--worker", str(worker), "--sleep", "everywhere", "--json")
    found = claims(ran.document())
    verdicts = [found[f"{kind}/transparent-to-sleep"]["verdict"] for kind in kinds]
    assert verdicts == ["held", "unknown", "unknown"], found
