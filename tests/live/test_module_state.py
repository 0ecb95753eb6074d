"""State in modules is never called survived: a laboratory of workers that keep it in every place, on real workerd."""

import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from poc_cli.targets.installation import locate
from tests.support.command import Poc, Ran
from tests.support.module_lab import LAB, STORY
from tests.support.mutants import assemble
from tests.support.record import claims, history, latest

pytestmark = pytest.mark.live

WORKERD = str(locate(lambda _: None))

FOREIGN = """\
import { DurableObject } from "cloudflare:workers";
// The field was lost in a sleep, so the room's state went into the module.
const topics = new Map<string, string>();
let requests: number = 0;
export class R extends DurableObject {
  async fetch() {
    const pair = new WebSocketPair();
    this.ctx.acceptWebSocket(pair[1]);
    return new Response(null, { status: 101, webSocket: pair[0] });
  }
  webSocketMessage(ws: WebSocket, message: string) {
    requests += 1;
    const { topic } = JSON.parse(message);
    const id = this.ctx.id.toString();
    if (topic) topics.set(id, topic);
    ws.send(JSON.stringify({ topic: topics.get(id) ?? null }));
  }
}
export default {
  fetch: (request: Request, env: any) =>
    env.R.get(env.R.idFromName(new URL(request.url).pathname.slice(1))).fetch(request),
};
"""
SETTINGS = """\
{ "name": "modules", "main": "src/index.ts", "compatibility_date": "2026-09-01",
  "durable_objects": { "bindings": [{ "name": "R", "class_name": "R" }] },
  "migrations": [{ "tag": "v1", "new_sqlite_classes": ["R"] }] }
"""


KEEPER: Final = """\
import {{ DurableObject }} from "cloudflare:workers";
export class R extends DurableObject {{
  fetch() {{
    const {{ 0: client, 1: server }} = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, {{ status: 101, webSocket: client }});
  }}
  keep(topic) {{
    this.timer ??= setInterval(() => {{}}, 200);
    this.topic = topic;
  }}
  kept() {{ return this.topic; }}
  async webSocketMessage(ws, message) {{
    const {{ topic }} = JSON.parse(message);
    const keeper = this.env.R.getByName("keeper of " + this.ctx.id);
    if (topic) await {keep}(topic);
    ws.send(JSON.stringify({{ topic: (await {kept}()) ?? null }}));
  }}
  store(topic) {{ return this.ctx.storage.put("topic", topic); }}
  stored() {{ return this.ctx.storage.get("topic"); }}
}}
export default {{
  async fetch(request, env) {{
    await env.R.getByName("pinned, and no part of it").keep("dogs");
    return env.R.get(env.R.idFromName(new URL(request.url).pathname.slice(1))).fetch(request);
  }},
}};
"""


@dataclass(frozen=True)
class Laboratory:
    """The run of all its workers."""

    found: dict[str, dict[str, Any]]
    again: Ran
    events: list[dict[str, Any]]


QUICK = {*[*LAB][::3], *(name for name, worker in LAB.items() if worker.verdict == "held")}
"""Every third worker, and all healthy ones; `make long` plays the others."""

REST = [name for name in LAB if name not in QUICK]


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    """Run the quick ones once, and the healthy ones once more, with a cache of their own."""
    yield from _laboratory(QUICK)


@pytest.fixture(scope="module")
def rest_of_laboratory() -> Iterator[Laboratory]:
    """Run the others."""
    yield from _laboratory(REST)


def _laboratory(names: Collection[str]) -> Iterator[Laboratory]:
    with tempfile.TemporaryDirectory(prefix="poc-test-") as folder:
        poc = Poc(Path(folder))
        own = {"XDG_CACHE_HOME": str(poc.folder / "cache"), "POC_WORKERD": WORKERD}
        stories = {name: str(LAB[name].assemble(poc.folder / name)) for name in LAB if name in names}
        ran = poc.run("run", *stories.values(), "--sleep", "evict", "--json", variables=own)
        healthy = [story for name, story in stories.items() if LAB[name].verdict == "held"]
        again = poc.run("run", *healthy, "--sleep", "evict", "--json", variables=own) if healthy else ran
        found = {name.split("/")[0]: claim for name, claim in claims(ran.document()).items()}
        yield Laboratory(found, again, history(latest(poc.results)))


@pytest.mark.long
@pytest.mark.parametrize("name", REST)
def test_so_is_each_of_the_others(rest_of_laboratory: Laboratory, name: str) -> None:
    worker, found = LAB[name], rest_of_laboratory.found[name]
    assert found["verdict"] == worker.verdict, found["reason"]
    assert worker.names in found["reason"]


@pytest.mark.parametrize("name", [name for name in LAB if name in QUICK])
def test_each_worker_is_told_by_what_it_keeps(laboratory: Laboratory, name: str) -> None:
    worker, found = LAB[name], laboratory.found[name]
    assert found["verdict"] == worker.verdict, found["reason"]
    assert worker.names in found["reason"]


def test_what_cannot_be_put_back_is_not_transparent_to_sleep(poc: Poc) -> None:
    ran = poc.run("run", str(LAB["sealed"].assemble(poc.folder / "sealed")), "--sleep", "everywhere", "--json")
    (found,) = claims(ran.document()).values()
    assert found["verdict"] == "unknown"
    assert '"kept" (index.js:2) changed in module state and could not be put back' in found["reason"]


def test_a_confirmed_worker_is_not_played_again(laboratory: Laboratory) -> None:
    assert laboratory.again.code == 0
    known = {event["data"]["scenario"] for event in laboratory.events if event["kind"] == "confirmed"}
    again = {event["data"]["scenario"] for event in laboratory.events if event["data"].get("role") == "confirm"}
    assert known
    assert not known & again
    assert known | again == {name for name, worker in LAB.items() if worker.verdict == "held"}


def test_a_bundled_project_is_told_by_its_own_lines(poc: Poc) -> None:
    (poc.folder / "src").mkdir()
    (poc.folder / "src" / "index.ts").write_text(FOREIGN, encoding="utf-8")
    (poc.folder / "wrangler.jsonc").write_text(SETTINGS, encoding="utf-8")
    story = poc.folder / "story.toml"
    story.write_text(STORY.format(name="story"), encoding="utf-8")
    ran = poc.run("run", str(story), "--sleep", "evict", "--json")
    found = claims(ran.document())["story/topic-survives"]
    assert (ran.code, found["verdict"]) == (1, "refuted")
    assert '"topics" (src/index.ts:3)' in found["reason"]
    judged = poc.run("judge")
    assert claims(judged.document())["story/topic-survives"]["reason"] == found["reason"]


def test_what_an_object_reads_from_a_cache_has_not_survived(poc: Poc) -> None:
    (poc.folder / "src").mkdir()
    put = 'caches.default.put(key, new Response(topic, { headers: { "cache-control": "max-age=99" } }))'
    kept = FOREIGN.replace("webSocketMessage(", "async webSocketMessage(").replace(
        "const id = ", "const key = 'http://x/' + "
    )
    kept = kept.replace("topics.set(id, topic)", f"await {put}")
    kept = kept.replace("topics.get(id)", "(await (await caches.default.match(key))?.text())")
    (poc.folder / "src" / "index.ts").write_text(kept, encoding="utf-8")
    (poc.folder / "wrangler.jsonc").write_text(SETTINGS, encoding="utf-8")
    story = poc.folder / "story.toml"
    story.write_text(STORY.format(name="story"), encoding="utf-8")
    found = claims(poc.run("run", str(story), "--sleep", "evict", "--json").document())["story/topic-survives"]
    assert found["verdict"] == "unknown", found["reason"]
    assert "read a cache after it had left memory" in found["reason"]


@pytest.mark.parametrize(
    ("keep", "kept", "verdict", "reason"),
    [
        ("keeper.keep", "keeper.kept", "unknown", "was pinned and kept its fields"),
        ("this.store", "this.stored", "held", "the read after it gave the expected value"),
    ],
)
def test_what_a_pinned_object_keeps_for_the_room_has_not_survived(
    poc: Poc, keep: str, kept: str, verdict: str, reason: str
) -> None:
    story = LAB["storage"].assemble(poc.folder / "kept")
    (story.parent / "index.js").write_text(KEEPER.format(keep=keep, kept=kept), encoding="utf-8")
    own = {"XDG_CACHE_HOME": str(poc.folder / "cache"), "POC_WORKERD": WORKERD}
    ran = poc.run("run", str(story), "--sleep", "evict", "--json", variables=own)
    found = claims(ran.document())["kept/topic-survives"]
    assert (found["verdict"], reason in found["reason"]) == (verdict, True), found["reason"]


VAULT: Final = """\
import { DurableObject } from "cloudflare:workers";
export class R extends DurableObject {
  fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }
  async webSocketMessage(ws, message) {
    const { topic, pinned } = JSON.parse(message);
    const vault = this.env.R.getByName(this.ctx.id.name + "-vault");
    if (topic) await vault.keep(topic, pinned);
    ws.send(JSON.stringify({ topic: (await vault.kept()) ?? null }));
  }
  keep(topic, pinned) {
    this.topic = topic;
    if (pinned) setInterval(() => {}, 1000);
  }
  kept() { return this.topic; }
}
export default {
  fetch(request, env) { return env.R.getByName(new URL(request.url).pathname.slice(1)).fetch(request); },
};
"""
VAULT_STORY: Final = """\
name = "vault{pinned}"
title = "The room keeps its topic in the fields of an object that the story names."
objects = {{ room = {{ class = "R", name = "{{play}}" }}, vault = {{ class = "R", name = "{{play}}-vault" }} }}
clients = {{ ann = "/{{play}}" }}
steps = [
  {{ connect = "ann" }},
  {{ on = "ann", send = {{ topic = "cats", pinned = {pinned} }}, expect = {{ topic = "cats" }} }},
  {{ on = "ann", send = {{}}, expect = {{ topic = "cats" }} }},
  {{ hibernate = "evict", of = "room" }},
  {{ on = "ann", send = {{}}, expect = {{ topic = "cats" }}, claim = "it" }},
]

[[claim]]
id = "it"
says = "The topic survives."
check = "storage-survives"
of = ["room"]
"""


def test_nor_has_what_an_object_of_the_story_keeps_for_another(poc: Poc) -> None:
    folder = LAB["storage"].assemble(poc.folder / "vault").parent
    (folder / "index.js").write_text(VAULT, encoding="utf-8")
    for pinned in ("false", "true"):
        (folder / f"{pinned}.toml").write_text(VAULT_STORY.format(pinned=pinned), encoding="utf-8")
    stories = [str(folder / f"{pinned}.toml") for pinned in ("false", "true")]
    own = {"XDG_CACHE_HOME": str(poc.folder / "cache"), "POC_WORKERD": WORKERD}
    found = claims(poc.run("run", *stories, "--worker", str(folder), "--json", variables=own).document())
    assert {claim["verdict"] for claim in found.values()} == {"unknown"}
    assert "not after vault had left memory too" in found["vaultfalse/it"]["reason"]
    assert "was pinned and kept its fields" in found["vaulttrue/it"]["reason"]


def test_our_own_worker_keeps_nothing_in_its_modules(poc: Poc) -> None:
    copy = assemble('export { default, Room } from "./index.ts";\n', poc.folder / "own")
    words = ["hibernate", "resume", "constructor", "--worker", str(copy), "--sleep", "evict", "--json"]
    ran = poc.run("run", *words, variables={"XDG_CACHE_HOME": str(poc.folder / "cache"), "POC_WORKERD": WORKERD})
    states = [event["data"] for event in history(latest(poc.results)) if event["kind"] == "module_state"]
    assert ran.code == 0
    assert not [variable for state in states for variable in state["changed"]]
