"""What one performance of a session stores, and what only poc takes from an object, makes no difference."""

from typing import Any

import pytest

from tests.support.command import Poc

pytestmark = pytest.mark.live

DECLARATION = """\
using Workerd = import "/workerd/workerd.capnp";
const main :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "index.js")],
  compatibilityDate = "2026-09-01",
  durableObjectNamespaces = [
    (className = "Room", uniqueKey = "room", enableSql = true),
    (className = "Lobby", uniqueKey = "lobby", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "ROOMS", durableObjectNamespace = "Room"), (name = "LOBBY", durableObjectNamespace = "Lobby")],
);
"""
WORKER = """\
import { DurableObject } from "cloudflare:workers";
export class Lobby extends DurableObject {
  async visit() {
    const visits = ((await this.ctx.storage.get("visits")) ?? 0) + 1;
    await this.ctx.storage.put("visits", visits);
    return visits;
  }
}
export class Room extends DurableObject {
  fetch(request) {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }
  async webSocketMessage(socket) {
    const visits = await this.env.LOBBY.getByName("the only one").visit();
    socket.send(JSON.stringify({ visits }));
  }
}
export default {
  fetch(request, env) {
    return env.ROOMS.getByName(new URL(request.url).pathname.slice(1)).fetch(request);
  },
};
"""
STORY = """\
name = "story"
title = "Somebody visits a room, which tells its lobby."
object = { class = "Room", name = "{play}" }
clients = { ann = "/{play}" }
steps = [
  { connect = "ann" },
  { on = "ann", send = { visit = 1 }, expect = {} },
  { on = "ann", send = { visit = 2 }, expect = {} },
]
"""
STORED = "JSON.stringify({ visits })"
KEPT = "JSON.stringify({ since: visits - (this.first ??= visits) })"


PINNED = """\
import { DurableObject } from "cloudflare:workers";
const topics = new Map();
export class Lobby extends DurableObject {}
export class Room extends DurableObject {
  fetch() {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }
  webSocketMessage(socket, message) {
    const { topic } = JSON.parse(message);
    if (topic) {
      this.timer = setInterval(() => {}, 200);
      topics.set(this.ctx.id.toString(), topic);
    }
    socket.send(JSON.stringify({ topic: topics.get(this.ctx.id.toString()) ?? null }));
  }
}
export default {
  fetch(request, env) {
    return env.ROOMS.getByName(new URL(request.url).pathname.slice(1)).fetch(request);
  },
};
"""
TWO_ROOMS = """\
name = "story"
title = "One room keeps a topic and is pinned; the other sleeps."
objects = { one = { class = "Room", name = "{play}-one" }, two = { class = "Room", name = "{play}-two" } }
clients = { ann = "/{play}-one", bob = "/{play}-two" }
steps = [
  { connect = ["ann", "bob"] },
  { on = "ann", send = { topic = "cats" }, expect = {} },
  { on = "ann", send = { ask = 1 }, expect = {} },
]
"""


def session(poc: Poc, worker: str, text: str = STORY) -> dict[str, Any]:
    folder = poc.folder / "worker"
    folder.mkdir()
    (folder / "local.capnp").write_text(DECLARATION, encoding="utf-8")
    (folder / "index.js").write_text(worker, encoding="utf-8")
    story = poc.folder / "story.toml"
    story.write_text(text, encoding="utf-8")
    ran = poc.run("run", str(story), "--worker", str(folder), "--sleep", "everywhere", "--json")
    (found,) = ran.document()["scenarios"]
    scenario: dict[str, Any] = found
    return scenario


def test_what_a_lobby_stores_is_compared(poc: Poc) -> None:
    found = session(poc, WORKER)
    assert (found["verdict"], found["session"]["masked_share"]) == ("held", 0)


def test_what_a_room_counts_in_memory_is_refuted_beside_a_lobby(poc: Poc) -> None:
    found = session(poc, WORKER.replace(STORED, KEPT))
    assert found["verdict"] == "refuted", found["claims"]


def test_module_state_that_only_poc_took_from_an_object_that_stayed_refutes_nothing(poc: Poc) -> None:
    found = session(poc, PINNED, TWO_ROOMS)
    assert found["verdict"] == "unknown"
    assert "one was in memory meanwhile and shares the isolate" in found["claims"][0]["reason"]
