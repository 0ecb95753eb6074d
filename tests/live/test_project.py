"""`poc run` on projects as strangers write them: wrangler's own configuration, untouched files, and the same oracle."""

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.support.command import PATIENCE_SECONDS, ROOT, Poc, Ran
from tests.support.processes import until, using
from tests.support.record import claims, files, latest, trace, verdicts

pytestmark = pytest.mark.live

PROJECTS = ROOT / "tests" / "projects"
INVITE = "only-for-friends-0123456789"


def _copy(poc: Poc, name: str) -> Path:
    """Return a copy of a project that a test may change."""
    return Path(shutil.copytree(PROJECTS / name, poc.folder / name))


def _edit(file: Path, *changes: tuple[str, str]) -> None:
    text = file.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


def _sums(folder: Path) -> dict[str, str]:
    """Return what stands in a folder, with what is in each file."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in folder.rglob("*")
    }


def _nothing_is_left(poc: Poc, *folders: Path) -> bool:
    return not list(poc.temporary.iterdir()) and not any(using(each) for each in (poc.temporary, *folders))


def _all_held(ran: Ran) -> bool:
    return ran.code == 0 and set(verdicts(ran.document()).values()) == {"held"}


def test_a_chat_holds_and_is_left_as_it_was(poc: Poc) -> None:
    chat = _copy(poc, "chat")
    (chat / ".dev.vars").write_text(f'INVITE="{INVITE}"\n', encoding="utf-8")
    # a dependency of its own, found where Node finds it
    package = chat / "node_modules" / "shout"
    package.mkdir(parents=True)
    (package / "index.js").write_text("export const shout = (text) => text;\n", encoding="utf-8")
    (package / "package.json").write_text('{ "name": "shout", "type": "module", "main": "index.js" }', encoding="utf-8")
    _edit(chat / "src" / "lobby.ts", ("import { DurableObject }", 'import "shout";\nimport { DurableObject }'))
    _edit(chat / "rooms.toml", ("?nick=ann", f"?nick=ann&invite={INVITE}"), ("?nick=bob", f"?nick=bob&invite={INVITE}"))
    before = _sums(chat)
    ran = poc.run("run", str(chat / "rooms.toml"), "--sleep", "evict", "--json")
    assert _all_held(ran), ran
    assert _sums(chat) == before
    folder = latest(poc.results)
    assert all(INVITE.encode() not in file.read_bytes() for file in files(folder))
    target = ran.document()["target"]
    assert set(target["versions"]) == {"workerd", "wrangler"}
    assert target["compatibility_date"] == "2026-09-01"
    until("nothing is left", lambda: _nothing_is_left(poc, chat))


def test_a_game_holds_by_the_runtimes_own_timer(poc: Poc) -> None:
    ran = poc.run("run", str(PROJECTS / "game" / "dots.toml"), "--json")
    assert _all_held(ran), ran
    (sleep,) = ran.document()["scenarios"][0]["sleeps"]
    assert sleep["way"] == "idle"


def test_names_in_a_map_are_found_out(poc: Poc) -> None:
    room = _copy(poc, "chat") / "src" / "room.ts"
    _edit(
        room,
        ("  constructor(", "  private readonly members = new Map<WebSocket, Member>();\n\n  constructor("),
        ("socket.serializeAttachment(member);", "this.members.set(socket, member);"),
        ("socket.deserializeAttachment() as Member;", 'this.members.get(socket) ?? { nick: "somebody" };'),
    )
    ran = poc.run("run", str(room.parent.parent / "rooms.toml"), "--sleep", "evict", "--json")
    assert ran.code == 1
    assert verdicts(ran.document()) == {
        "rooms/room-sleeps": "held",
        "rooms/members-stay-connected": "held",
        "rooms/names-survive-sleep": "refuted",
        "rooms/history-survives-sleep": "held",
    }


def test_a_timer_is_told_at_the_projects_own_line(poc: Poc) -> None:
    table = _copy(poc, "game") / "src" / "table.js"
    put = '    await this.ctx.storage.put("name", name);\n'
    _edit(table, (put, f"{put}    this.clock = setInterval(() => (this.ticks = Date.now()), 250);\n"))
    line = table.read_text(encoding="utf-8").split("setInterval")[0].count("\n") + 1
    ran = poc.run("run", str(table.parent.parent / "dots.toml"), "--sleep", "evict", "--json")
    assert ran.code == 1
    sleeps = claims(ran.document())["dots/table-sleeps"]
    assert sleeps["verdict"] == "refuted"
    assert f"setInterval (src/table.js:{line})" in sleeps["reason"]
    assert f"setInterval (src/table.js:{line})" in poc.run("explain").out


def test_faults_and_an_environment(poc: Poc) -> None:
    for kind in ("server", "crash", "deploy", "object"):
        (poc.folder / f"{kind}.toml").write_text(_fault(kind), encoding="utf-8")
    _copy(poc, "chat")
    ran = poc.run("run", "server.toml", "crash.toml", "deploy.toml", "object.toml", "--json")
    assert _all_held(ran), ran
    assert len(verdicts(ran.document())) == 8


def _fault(kind: str) -> str:
    return f"""
name = "{kind}"
title = "A room of the staging environment comes back after {kind}."
object = {{ class = "Room", name = "{{play}}" }}
worker = {{ dir = "chat", env = "staging" }}
clients = {{ ann = "/rooms/{{play}}?nick=ann" }}
steps = [
  {{ connect = "ann" }},
  {{ on = "ann", expect = {{ type = "welcome", title = "Team chat (staging)" }} }},
  {{ on = "ann", send = {{ type = "say", text = "hello" }}, expect = {{ type = "said" }} }},
  {{ on = "ann", send = {{ type = "history" }}, expect = {{ type = "history" }} }},
  {{ restart = "{kind}" }},
  {{ connect = "ann" }},
  {{ on = "ann", send = {{ type = "history" }}, expect = {{ lines = [{{ text = "hello" }}] }}, claim = "{kind}-kept" }},
]
[[claim]]
id = "{kind}-kept"
says = "What was said is kept."
check = "storage-survives"
[[claim]]
id = "{kind}-dropped"
says = "Connections break."
check = "connections-drop"
"""


AUXILIARY = """
name = "counting"
main = "index.js"
compatibility_date = "2026-09-01"
[[durable_objects.bindings]]
name = "COUNTERS"
class_name = "Counter"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Counter"]
"""

COUNTER = """
import { DurableObject } from "cloudflare:workers";
export class Counter extends DurableObject {
  async joined(room) {
    const count = ((await this.ctx.storage.get(room)) ?? 0) + 1;
    await this.ctx.storage.put(room, count);
    return count;
  }
}
export default { fetch: () => new Response("counting") };
"""


def test_several_workers_are_one_project(poc: Poc) -> None:
    chat = _copy(poc, "chat")
    other = chat / "counting"
    other.mkdir()
    (other / "wrangler.toml").write_text(AUXILIARY, encoding="utf-8")
    (other / "index.js").write_text(COUNTER, encoding="utf-8")
    config = chat / "wrangler.jsonc"
    text = config.read_text(encoding="utf-8")
    lobby = '{ "name": "LOBBY", "class_name": "Lobby" }'
    elsewhere = '{ "name": "LOBBY", "class_name": "Counter", "script_name": "counting" }'
    config.write_text(text.replace(lobby, elsewhere), encoding="utf-8")
    both = '{ dir = ".", config = ["wrangler.jsonc", "counting/wrangler.toml"] }'
    _edit(chat / "rooms.toml", ('worker  = "."', f"worker  = {both}"), ('text = "Be kind."', "joined = 1"))
    _edit(chat / "rooms.toml", ('{ on = "*", expect = { type', '{ on = "ann", expect = { type'))
    ran = poc.run("run", str(chat / "rooms.toml"), "--sleep", "evict", "--json")
    assert _all_held(ran), ran
    workers = {line["worker"] for line in trace(latest(poc.results)) if line["e"] == "ctx"}
    assert {"core:user:team-chat", "core:user:counting"} <= workers


def test_an_object_that_was_never_seen_is_told_beside_those_that_were(poc: Poc) -> None:
    chat = _copy(poc, "chat")
    _edit(chat / "rooms.toml", ('object  = { class = "Room"', 'object  = { class = "Lobby"'))
    ran = poc.run("run", str(chat / "rooms.toml"), "--sleep", "evict", "--json")
    assert ran.code == 4
    # the lobby has a name of its own, so no object of the play's name was ever there; KV's and D1's are not ours
    seen = ran.document()["scenarios"][0]["claims"][2]["reason"].partition("the trace shows ")[2]
    assert sorted(each.split()[0] for each in seen.split(", ")) == ["Lobby", "Room"]


def test_a_build_error_is_told_at_its_place(poc: Poc) -> None:
    chat = _copy(poc, "chat")
    _edit(chat / "src" / "room.ts", ('from "./history"', 'from "./histori"'))
    ran = poc.run("run", str(chat / "rooms.toml"), "--sleep", "evict")
    assert ran.code == 3
    assert 'src/room.ts:3:25: Could not resolve "./histori"' in ran.err
    until("nothing is left", lambda: _nothing_is_left(poc, chat))


def test_packages_that_are_not_installed_are_told_with_the_command(poc: Poc) -> None:
    chat = _copy(poc, "chat")
    _edit(chat / "src" / "lobby.ts", ("import { DurableObject }", 'import "hono";\nimport { DurableObject }'))
    (chat / "package.json").write_text('{ "dependencies": { "hono": "4" } }', encoding="utf-8")
    (chat / "pnpm-lock.yaml").touch()
    ran = poc.run("run", str(chat / "rooms.toml"), "--sleep", "evict")
    assert ran.code == 3
    assert ran.err.endswith(
        f"poc: the packages of {chat} are not installed\n  run pnpm install --frozen-lockfile in {chat}\n"
    )
    assert "Could not resolve" not in ran.err


@pytest.mark.parametrize("command", [("run", "hibernate", "--sleep", "evict"), ("load", "many-sockets")])
def test_remote_resources_are_refused_where_asked_for(poc: Poc, command: tuple[str, ...]) -> None:
    game = _copy(poc, "game")
    _edit(game / "wrangler.toml", ('binding = "SCORES"', 'remote = true, binding = "SCORES"'))
    ran = poc.run(*command, "--worker", str(game), "--remote-bindings", "refuse")
    assert ran.code == 3
    assert "has bindings to remote resources on Cloudflare, which poc does not use: SCORES (kv_namespace)" in ran.err


@contextmanager
def _running(poc: Poc, scenario: Path) -> Iterator[subprocess.Popen[str]]:
    with poc.start("run", str(scenario), variables={"CLOUDFLARE_API_TOKEN": "not-for-strangers"}) as process:
        try:
            yield process
        finally:
            process.kill()


def _asleep_soon(poc: Poc) -> bool:
    found = list(poc.results.glob("*/history.ndjson"))
    return bool(found) and '"verb":"hibernate"' in found[0].read_text(encoding="utf-8")


@pytest.mark.parametrize("when", ["building", "playing"])
def test_kill_9_leaves_nothing(poc: Poc, when: str) -> None:
    chat = _copy(poc, "chat")
    with _running(poc, chat / "rooms.toml") as process:
        if when == "building":
            until("wrangler is at work", lambda: any("control.mjs" in " ".join(each) for each in using(chat)))
        else:
            until("the room is to sleep", lambda: _asleep_soon(poc))
            environments = [each.environ() for each in psutil.Process(process.pid).children(recursive=True)]
            assert len(environments) > 3
            assert not any("CLOUDFLARE_API_TOKEN" in each for each in environments)
        process.kill()
        process.wait(PATIENCE_SECONDS)
    until("nothing is left", lambda: _nothing_is_left(poc, chat))


def test_two_runs_at_once(poc: Poc) -> None:
    chat = _copy(poc, "chat")
    runs = [
        poc.start("run", str(chat / "rooms.toml"), "--sleep", "evict", "--results", str(poc.folder / f"results{each}"))
        for each in range(2)
    ]
    for run in runs:
        run.communicate(timeout=PATIENCE_SECONDS)
    assert [run.returncode for run in runs] == [0, 0]
    until("nothing is left", lambda: _nothing_is_left(poc, chat))


def test_the_command_line_goes_before_what_a_scenario_names(poc: Poc) -> None:
    chat = _copy(poc, "chat")
    (poc.folder / "rooms.toml").write_text((chat / "rooms.toml").read_text(encoding="utf-8"), encoding="utf-8")
    _edit(poc.folder / "rooms.toml", ('worker  = "."', 'worker  = "no-such-folder"'))
    assert poc.run("run", "rooms.toml", "--sleep", "evict", "-q").code == 2
    ran = poc.run("run", "rooms.toml", "--worker", str(chat / "wrangler.jsonc"), "--sleep", "evict", "--json")
    assert _all_held(ran), ran


def test_what_a_request_threw_is_in_the_log_at_its_own_line(poc: Poc) -> None:
    chat = _copy(poc, "chat")
    index = chat / "src" / "index.ts"
    _edit(
        index,
        (
            "    const [, folder",
            '    if (url.searchParams.has("boom")) throw new Error("an accident");\n    const [, folder',
        ),
    )
    line = index.read_text(encoding="utf-8").split("an accident")[0].count("\n") + 1
    _edit(chat / "rooms.toml", ("  { connect", '  { http = "/rooms/{play}?boom", status = 500 },\n  { connect'))
    ran = poc.run("run", str(chat / "rooms.toml"), "--sleep", "evict", "--json")
    assert _all_held(ran), ran
    log = (latest(poc.results) / "worker.log").read_text(encoding="utf-8")
    assert f"fetch of the Worker threw Error: an accident at src/index.ts:{line}\n" in log
