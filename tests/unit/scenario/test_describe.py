"""A scenario told as a story: what a person reads of it, and that nothing in it can do more than be read."""

import re

import pytest

from poc_cli.scenario.catalog import shipped_files
from poc_cli.scenario.describe import WIDTH, tell
from poc_cli.scenario.loader import parse, read
from poc_cli.scenario.model import VERBS
from poc_cli.scenario.wording import KEPT

STORY = """\
name = "night"
title = "A room   sleeps."
object = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}?name=ann", bob = { path = "/room/{play}", count = 3, ping = "2s" } }
vars = { color = "blue" }
worker = "workers/room"
needs = ["crash", "deploy"]

steps = [
  { connect = ["ann", "bob"] },
  { on = "ann", send = { op = "who" }, expect = { sockets = 2 }, capture = { before = "instance" } },
  { hibernate = "idle" },
  { repeat = 2, as = "n", steps = [
    { on = "ann", send = "line {n}", expect = "line {n}", claim = "rows" },
  ] },
]

[[claim]]
id = "asleep"
says = "It sleeps."
check = "sleeps"
of = ["object"]
control = { clients = { ann = "/room/{play}?pin=1" }, vars = { color = "red" } }
mutant = "pinned"
known = { local = "refuted" }

[[claim]]
id = "rows"
says = "Rows come back."
source = "https://example.com/a/very/long/address/that/does/not/fit/into/eighty/columns/but/is/not/broken"
matrix = { row = "SQLite rows", expects = "survives" }
control = { expect = "unknown", steps = [
  { on = "ann", quiet = "100ms", claim = "rows" },
] }
"""

TOLD = """\
night (night.toml)
  A room sleeps.

Participants
  object   the Durable Object of class Room named {play}
  ann      connects to /room/{play}?name=ann
  bob      3 clients, each connects to /room/{play}, with a protocol ping every
           2s
  {color}  stands for "blue"
  worker   the worker in the folder workers/room
  needs    a target with crash and deploy

Steps
  10  ann and bob connect at the same time
  11  ann sends {"op": "who"} and expects {"sockets": 2}; captures instance as
      {before}
  12  wait until the runtime's idle timer evicts the object from memory
  13  2 times, counted by {n}:
  14    ann sends "line {n}" and expects "line {n}" [decides rows]

  A step that decides no claim is a precondition: if it fails, the play ends.

Claim asleep
  It sleeps.
  judged by   sleeps: Each object left memory while a socket was open. Refuted
              when one is still there 13 s after its last event.
  about       object
  control     must be refuted if ann connects to /room/{play}?pin=1; {color}
              stands for "red"
  mutant      pinned, a broken worker with which it must be refuted
  known       to be refuted on local

Claim rows
  Rows come back.
  judged by   the step in line 14
  matrix      SQLite rows, expected: survives
  control     must be unknown if these steps are played instead:
              33  nothing may arrive at ann for 100ms [decides rows]
  source      https://example.com/a/very/long/address/that/does/not/fit/into/eighty/columns/but/is/not/broken
"""


FRAME = """\
name = "a"
title = "b"
objects = { r1 = { class = "R", name = "{play}1" }, r2 = { class = "R", name = "{play}2" } }
clients = { ann = "/", bob = "/", eve = "/" }
steps = [
  %s,
]
"""


def step(text: str) -> str:
    verb = next(verb for verb in VERBS if text.startswith(f"{{ {verb} ="))
    (placed,) = parse(FRAME % text, "a.toml").steps
    assert placed.step.verb == verb
    return placed.step.sentence().replace(KEPT, " ")


def test_a_whole_story() -> None:
    assert "\n".join(tell(parse(STORY, "night.toml"))) + "\n" == TOLD


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('{ connect = "*" }', "all clients connect at the same time"),
        ('{ connect = "ann", within = "500ms" }', "ann connects within 500ms"),
        ('{ connect = ["ann", "bob", "eve"] }', "ann, bob and eve connect at the same time"),
        ('{ on = ["ann", "bob"], send = "x", expect = "y" }', 'ann and bob each send "x" and expect "y"'),
        ('{ on = "*", expect = "y", next = true }', 'every client expects "y" as the next message'),
        ('{ on = "*", quiet = "300ms" }', "nothing may arrive at any client for 300ms"),
        ('{ on = "ann", send = "x", quiet = "1s" }', 'ann sends "x"; then nothing may arrive at ann for 1s'),
        (
            '{ on = "ann", quiet = "1s", like = { event = "said" } }',
            'nothing like {"event": "said"} may arrive at ann for 1s',
        ),
        ('{ on = "ann", send = "x" }', 'ann sends "x"'),
        (
            '{ on = "ann", expect = ["a", "b"], order = "any", within = "2s" }',
            'ann expects "a" and "b" in any order within 2s',
        ),
        ('{ on = "ann", expect = ["a", "b"], exact = true }', 'ann expects exactly "a", then "b"'),
        (
            '{ on = "ann", send = "x", where = ["a == 1", "b exists"] }',
            'ann sends "x" and expects a message, where a == 1 and b exists',
        ),
        (
            '{ on = "ann", capture = { one = "a", two = "b" } }',
            "ann expects a message; captures a as {one} and b as {two}",
        ),
        ('{ on = "ann", send = { text = "{}" } }', 'ann sends the text "{}"'),
        ('{ on = "ann", send = { hex = "00ff" } }', "ann sends the bytes 00ff"),
        ('{ on = "ann", send = { bytes = 9 } }', "ann sends 9 bytes"),
        ('{ on = "ann", send = { json = [1] } }', "ann sends [1]"),
        ('{ on = "ann", send = { json_text = "null" } }', "ann sends the JSON null"),
        ('{ on = "ann", send = "two  spaces" }', 'ann sends "two  spaces"'),
        (
            '{ resume = "ann", send = "x", expect = "y" }',
            'waking the object, ann sends "x" and expects "y"',
        ),
        ('{ close = "ann", within = "1s" }', "ann closes with code 1000 within 1s"),
        (
            '{ close = ["ann", "bob"], code = 4001, reason = "bye", expect_code = 4001, expect_reason = "bye" }',
            'ann and bob each close with code 4001 and the reason "bye" and must get back code 4001 and the reason "bye"',  # noqa: E501
        ),
        (
            '{ kill = "ann" }',
            "the connection of ann is dropped without a close frame; the server sees a FIN",
        ),
        (
            '{ kill = "ann", how = "rst" }',
            "the connection of ann is dropped without a close frame; the server sees a reset (RST)",
        ),
        ('{ stall = "ann" }', "ann stops reading, so that messages pile up"),
        ('{ stall = ["ann", "bob"], release = true }', "ann and bob each resume reading"),
        ('{ http = "/push" }', "the HTTP request POST /push must get a 2xx status"),
        (
            '{ http = "/push", method = "GET", auth = false, send = "x", status = 401, expect = "no" }',
            'the HTTP request GET /push without the token with "x" must get status 401 and the response "no"',
        ),
        ('{ idle = "90s" }', "wait for 90s"),
        (
            '{ hibernate = "evict", of = ["r1", "r2"] }',
            "evict r1 and r2 from memory now, with the sockets staying open",
        ),
        ('{ probe = "awake" }', "the trace must show the object in memory"),
        ('{ probe = "pinned", of = "r1" }', "the trace must show r1 kept in memory by something pending"),
        ('{ alarm = "fires", of = "r1" }', "an alarm of r1 must fire"),
        (
            '{ restart = "object", of = "r1" }',
            "r1 is restarted: it leaves memory and its sockets close",
        ),
        ('{ restart = "server" }', "the runtime is stopped and started again on the same disk"),
        ('{ restart = "crash" }', "the runtime is killed (kill -9) and started again on the same disk"),
        (
            '{ restart = "deploy" }',
            "a new version is deployed: a new process on the same disk, with another POC_VERSION",
        ),
        ('{ repeat = 3, steps = [{ idle = "1s" }] }', "3 times:"),
        ('{ connect = "ann", refused = 403 }', "ann connects and must be rejected with status 403"),
        (
            '{ on = "ann", send = "x", expect_code = 4001, expect_reason = "bye" }',
            'ann sends "x"; then the server must close ann with code 4001 and the reason "bye"',
        ),
        (
            '{ on = "*", expect_code = 1006, within = "1s" }',
            "the server must close every client with code 1006 within 1s",
        ),
    ],
)
def test_a_step_in_plain_english(written: str, told: str) -> None:
    assert step(written) == told


def test_a_long_message_is_cut() -> None:
    told = step('{ on = "ann", send = "' + "x" * 5000 + '" }')
    assert told.endswith("…")
    assert len(told) < 300


def test_no_line_ends_inside_a_short_message_and_its_spaces_stay() -> None:
    text = FRAME % '{ on = ["ann", "bob", "eve"], send = "a  quite short  message that ends beyond the column" }'
    lines = tell(parse(text, "a.toml"))
    assert "  6  ann, bob and eve each send" in lines
    assert '     "a  quite short  message that ends beyond the column"' in lines


@pytest.mark.parametrize("name", shipped_files())
def test_a_shipped_story_fits_a_terminal(name: str) -> None:
    scenario = read(shipped_files()[name])
    for line in tell(scenario)[1:]:
        assert len(line) <= WIDTH or max(map(len, line.split())) > WIDTH - 20, line


@pytest.mark.parametrize("name", shipped_files())
def test_every_step_and_claim_of_a_shipped_story_is_told(name: str) -> None:
    scenario = read(shipped_files()[name])
    told = "\n".join(tell(scenario))
    for placed in scenario.steps:
        assert re.search(rf"^ +{placed.position.line}  ", told, re.MULTILINE)
    for claim in scenario.document.claim:
        assert f"\nClaim {claim.id}\n" in told


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ('"A room   sleeps."', r"  \x1b[2J\x07\u202e x"),
        ('"It sleeps."', r"  \x1b[2J\x07\u202e x"),
        ('"/room/{play}?name=ann"', r"  ann      connects to /\x1b[2J\x07\u202e\xa0x"),
        ('"line {n}", expect', r'  14    ann sends "\u001b[2J\u0007\u202e\xa0x" and expects'),
        ('"blue"', r'  {color}  stands for "\u001b[2J\u0007\u202e\xa0x"'),
        ('"workers/room"', r"  worker   the worker in the folder w\x1b[2J\x07\u202e\xa0x"),
    ],
)
def test_nothing_in_a_file_can_move_a_cursor(place: str, told: str) -> None:
    assert place in STORY
    begin = {'"/room': "/", '"worke': "w"}.get(place[:6], "")
    hostile = f'"{begin}' + r"\u001b[2J\u0007\u202e\u00a0x" + place[place.index('"', 1) :]
    lines = tell(parse(STORY.replace(place, hostile, 1), "night.toml"))
    assert told in "\n".join(lines)
    assert all(line.isprintable() for line in lines)


def test_a_file_name_is_inert_too() -> None:
    assert tell(parse(STORY, "a\x1b.toml"))[0] == "night (a\\x1b.toml)"


@pytest.mark.parametrize(
    ("worker", "said"),
    [
        ('{ dir = "app", config = "a.toml", env = "dev" }', "app, configured by a.toml, in its environment dev"),
        (
            '{ dir = "app", config = ["a.toml", "b.toml"], env = ["dev", ""] }',
            "in the environments dev, (the top level)",
        ),
        ('{ dir = "app", main = "src/a.ts" }', "the worker in the folder app, from its entry point src/a.ts"),
        ('{ dir = "app", seed = { KV = { a = "b" }, DB = "SELECT 1" } }', "app, with data in KV and DB"),
    ],
)
def test_a_worker_is_told_with_all_that_is_chosen(worker: str, said: str) -> None:
    lines = tell(parse(STORY.replace('"workers/room"', worker), "night.toml"))
    assert said in " ".join(" ".join(lines).split())
