"""What one performance of a session stores where others could find it makes no difference to them."""

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


def session(poc: Poc, worker: str) -> dict[str, Any]:
    folder = poc.folder / "worker"
    folder.mkdir()
    (folder / "local.capnp").write_text(DECLARATION, encoding="utf-8")
    (folder / "index.js").write_text(worker, encoding="utf-8")
    story = poc.folder / "story.toml"
    story.write_text(STORY, encoding="utf-8")
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
