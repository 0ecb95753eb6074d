"""Programs as clients: their lines and their frames, how they end, and that a sleep is proven by the frames alone."""

import shutil
from pathlib import Path

import pytest

from tests.support.command import ROOT, Poc
from tests.support.processes import using
from tests.support.record import history, latest, verdicts

pytestmark = [pytest.mark.live, pytest.mark.long]

PROJECT = ROOT / "tests" / "projects" / "origin-app"

HEAD = """\
name    = "story"
title   = "A program takes part."
object  = {{ class = "Room", name = "{{play}}" }}
clients = {{ ann = "/room/{{play}}?name=ann", cli = {client} }}
steps   = [
{steps}]
{claims}"""

CLIENT = '{ command = ["node", "client.mjs", "{url}/room/{play}?name=cli"], dir = "clients" }'

SURVIVES = """
[[claim]]
id    = "survives"
says  = "The socket survives."
check = "connections-survive"
"""


def _story(poc: Poc, steps: str, client: str = CLIENT, claims: str = SURVIVES) -> str:
    shutil.copytree(PROJECT / "clients", poc.folder / "clients", dirs_exist_ok=True)
    file = poc.folder / "story.toml"
    file.write_text(HEAD.format(steps=steps, client=client, claims=claims), encoding="utf-8")
    return "./story.toml"


def _kinds(poc: Poc, actor: str = "cli") -> list[str]:
    return [event["kind"] for event in history(latest(poc.results)) if event["actor"] == actor]


def test_a_program_holds_its_socket_through_the_runtimes_own_sleep(poc: Poc) -> None:
    ran = poc.run("run", str(PROJECT / "program.toml"), "--json")
    assert ran.code == 0
    assert set(verdicts(ran.document()).values()) == {"held"}
    assert not list(poc.temporary.iterdir())
    assert using(poc.temporary) == []


def test_lines_alone_prove_no_socket(poc: Poc) -> None:
    # It answers from memory and never uses its socket again, so nothing is known of the socket.
    client = '{ command = ["node", "mute.mjs", "{url}/room/{play}?name=cli"], dir = "clients" }'
    steps = """\
  { connect = ["ann", "cli"] },
  { on = "cli", send = { op = "who" }, expect = { pretended = true } },
  { hibernate = "evict" },
  { resume = "ann", send = { op = "who" }, expect = { sockets = 2 } },
  { on = "cli", send = { op = "who" }, expect = { pretended = true } },
"""
    story = _story(poc, steps, client)
    (poc.folder / "clients" / "mute.mjs").write_text(
        "new WebSocket(process.argv[2], [`poc.bearer.${process.env.POC_TOKEN}`]);\n"
        'process.stdin.on("data", () => console.log(JSON.stringify({ pretended: true })));\n'
        'process.stdin.on("end", () => process.exit(0));\n',
        encoding="utf-8",
    )
    ran = poc.run("run", story, "--json")
    assert verdicts(ran.document()) == {"story/survives": "unknown"}
    (claim,) = ran.document()["scenarios"][0]["claims"]
    assert "cli was not used" in claim["reason"]


def test_its_death_is_told_and_its_steps_fail(poc: Poc) -> None:
    steps = """\
  { connect = "cli" },
  { on = "cli", send = "die" },
  { on = "cli", send = { op = "who" }, expect = { ok = true } },
"""
    ran = poc.run("run", _story(poc, steps), "--json")
    assert ran.code == 4
    (exited,) = [event for event in history(latest(poc.results)) if event["kind"] == "exited"]
    assert exited["data"]["code"] == 3
    assert "exited with code 3" in poc.run("run", _story(poc, steps), "-v").out


@pytest.mark.parametrize(("how", "code"), [("fin", 0), ("process", -9)])
def test_it_can_lose_its_connection_or_its_life(poc: Poc, how: str, code: int) -> None:
    steps = f"""\
  {{ connect = ["ann", "cli"] }},
  {{ on = "ann", send = {{ op = "who" }}, expect = {{ sockets = 2 }} }},
  {{ kill = "cli", how = "{how}" }},
  {{ on = "ann", send = {{ op = "who" }}, expect = {{ ok = true }} }},
"""
    poc.run("run", _story(poc, steps), "-q")
    events = [event for event in history(latest(poc.results)) if event["actor"] == "cli"]
    (closed,) = [event["data"] for event in events if event["kind"] == "closed"]
    assert (closed["by"], closed["code"], closed["clean"]) == ("client", 1006, False)
    exits = [event["data"]["code"] for event in events if event["kind"] == "exited"]
    assert exits in ([code], [] if how == "fin" else [code])


def test_a_flood_and_an_endless_line_are_borne(poc: Poc) -> None:
    steps = """\
  { connect = ["ann", "cli"] },
  { on = "cli", send = "long", where = [], expect = { text = "nothing like it" }, within = "1s", claim = "long" },
  { on = "cli", send = "flood" },
  { on = "ann", send = { op = "who" }, expect = { sockets = 2 } },
  { on = "cli", send = { op = "who" }, expect = { op = "who" }, within = "20s", claim = "answers" },
"""
    claims = """
[[claim]]
id   = "long"
says = "Is refuted."

[[claim]]
id   = "answers"
says = "It can still be heard."
"""
    ran = poc.run("run", _story(poc, steps, claims=claims), "--json")
    assert verdicts(ran.document()) == {"story/long": "refuted", "story/answers": "held"}
    (folder,) = poc.results.glob("2*")
    assert (folder / "history.ndjson").stat().st_size < 100 << 20
    (cut,) = [event["data"] for event in history(folder) if event["data"].get("dropped")]
    assert cut["dropped"] == 3_000_000 - (1 << 20)


def test_a_flood_that_nobody_reads_is_stopped_at_its_source(poc: Poc) -> None:
    steps = """\
  { connect = ["ann", "cli"] },
  { on = "cli", send = "flood" },
  { on = "ann", send = { op = "who" }, expect = { sockets = 2 } },
  { idle = "5s" },
"""
    poc.run("run", _story(poc, steps), "-q")
    heard = _kinds(poc).count("received")
    assert 10_000 < heard < 20_000
    assert using(poc.temporary) == []


def test_it_reconnects_by_itself_after_the_runtime_was_killed(poc: Poc) -> None:
    client = '{ command = ["node", "again.mjs", "{url}/room/{play}?name=cli"], dir = "clients" }'
    steps = """\
  { connect = ["ann", "cli"] },
  { on = "cli", send = { op = "put", key = "color", value = "blue" }, expect = { ok = true } },
  { restart = "crash" },
  { on = "cli", expect = { event = "open again" } },
  { on = "cli", send = { op = "get", key = "color" }, expect = { value = "blue" }, claim = "again" },
"""
    story = _story(poc, steps, client, '\n[[claim]]\nid = "again"\nsays = "It comes back."\n')
    (poc.folder / "clients" / "again.mjs").write_text(
        'import { createInterface } from "node:readline";\n'
        "let socket, times = 0;\n"
        "function open() {\n"
        "  socket = new WebSocket(process.argv[2], [`poc.bearer.${process.env.POC_TOKEN}`]);\n"
        "  socket.onopen = () => times++ && console.log(JSON.stringify({ event: 'open again' }));\n"
        "  socket.onmessage = ({ data }) => console.log(data);\n"
        "  socket.onclose = () => setTimeout(open, 20);\n"
        "}\n"
        "open();\n"
        "const lines = createInterface({ input: process.stdin });\n"
        'lines.on("line", (line) => socket.send(line));\n'
        'lines.on("close", () => process.exit(0));\n',
        encoding="utf-8",
    )
    ran = poc.run("run", story, "--json")
    assert verdicts(ran.document()) == {"story/again": "held"}
    assert _kinds(poc).count("opened") == 2


def test_one_that_is_turned_away(poc: Poc) -> None:
    client = '{ command = ["node", "client.mjs", "{url}/room/{play}?name=cli"], dir = "clients" }'
    steps = '  { connect = "cli", refused = 401, claim = "survives" },\n'
    story = _story(
        poc, steps, client.replace("client.mjs", "strange.mjs"), SURVIVES.replace('check = "connections-survive"\n', "")
    )
    (poc.folder / "clients" / "strange.mjs").write_text(
        "new WebSocket(process.argv[2]).onerror = () => {};\nprocess.stdin.resume();\n", encoding="utf-8"
    )
    assert verdicts(poc.run("run", story, "--json").document()) == {"story/survives": "held"}


@pytest.mark.parametrize(
    ("client", "said"),
    [
        ('{ command = ["node", "gone.mjs"], dir = "clients" }', "exited with code 1"),
        ('{ command = ["no-such-program"], dir = "clients" }', "no-such-program cannot be started"),
        ('{ command = ["node", "client.mjs", "{url}"], dir = "nowhere" }', "no folder"),
    ],
)
def test_one_that_cannot_start_is_a_sentence(poc: Poc, client: str, said: str) -> None:
    ran = poc.run("run", _story(poc, '  { connect = "cli" },\n', client), "--allow-unknown")
    assert said in ran.out + ran.err


def test_neither_token_nor_secrets_are_written_down(poc: Poc) -> None:
    client = '{ command = ["node", "tell.mjs"], dir = "clients", opens = "line", secrets = ["PUSH_SECRET"] }'
    story = _story(poc, '  { connect = "cli" },\n  { on = "cli", expect = { told = 2 } },\n', client)
    text = Path(poc.folder / "story.toml").read_text(encoding="utf-8")
    (poc.folder / "story.toml").write_text(
        text.replace("object ", 'secrets = ["PUSH_SECRET"]\nobject '), encoding="utf-8"
    )
    (poc.folder / "clients" / "tell.mjs").write_text(
        "const { POC_TOKEN, PUSH_SECRET, POC_URL } = process.env;\n"
        "if (!POC_TOKEN || !PUSH_SECRET || !POC_URL) process.exit(1);\n"
        "console.error(POC_TOKEN, PUSH_SECRET);\n"
        "console.log(JSON.stringify({ told: 2, POC_TOKEN, PUSH_SECRET }));\n"
        "process.stdin.resume();\n",
        encoding="utf-8",
    )
    ran = poc.run("run", story, "-vv", "--allow-unknown")
    assert ran.out.count("[secret]") == 4, ran.out
