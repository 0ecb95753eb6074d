"""Plays that reach one object which none of them names, such as a lobby, do not decide each other's verdicts."""

import pytest

from tests.live.test_everywhere_fresh import DECLARATION
from tests.support.command import Poc
from tests.support.record import claims

pytestmark = pytest.mark.live

WORKER = """\
import { DurableObject } from "cloudflare:workers";
export class Lobby extends DurableObject {
  async add(number) {
    const online = ((await this.ctx.storage.get("online")) ?? 0) + number;
    await this.ctx.storage.put("online", online);
    return online;
  }
}
export class Room extends DurableObject {
  get lobby() { return this.env.LOBBY.getByName("the only one"); }
  async fetch() {
    const [client, server] = Object.values(new WebSocketPair());
    this.ctx.acceptWebSocket(server);
    await this.lobby.add(1);
    return new Response(null, { status: 101, webSocket: client });
  }
  async webSocketMessage(socket) {
    socket.send(JSON.stringify({ online: await this.lobby.add(0) }));
  }
  async webSocketClose(socket, code) {
    await this.lobby.add(-1);
    socket.close(code);
  }
}
export default {
  fetch(request, env) {
    return env.ROOMS.getByName(new URL(request.url).pathname.slice(1)).fetch(request);
  },
};
"""
STORY = """\
name = "NAME"
title = "Somebody is counted as online."
object = { class = "Room", name = "{play}" }
clients = { ann = "/{play}" }
steps = [
  { connect = "ann" },
  { hibernate = "idle" },
  { resume = "ann", send = { who = 1 }, expect = { online = 1 }, claim = "it" },
]
[[claim]]
id = "it"
says = "She is online after a sleep."
source = "https://developers.cloudflare.com/durable-objects/"
check = "holds-after-loss"
"""


def test_a_lobby_that_several_scenarios_use_refutes_none_of_them(poc: Poc) -> None:
    folder = poc.folder / "worker"
    folder.mkdir()
    (folder / "local.capnp").write_text(DECLARATION, encoding="utf-8")
    (folder / "index.js").write_text(WORKER, encoding="utf-8")
    for name in ("one", "two", "three"):
        (poc.folder / f"{name}.toml").write_text(STORY.replace("NAME", name), encoding="utf-8")
    files = [str(poc.folder / f"{name}.toml") for name in ("one", "two", "three")]
    ran = poc.run("run", *files, "--worker", str(folder), "--sleep", "evict", "--json")
    assert {name: claim["verdict"] for name, claim in claims(ran.document()).items()} == {
        "one/it": "held",
        "two/it": "held",
        "three/it": "held",
    }, ran.out
    assert ran.document()["repeats"]["repeated"]
