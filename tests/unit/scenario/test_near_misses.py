"""Files that are nearly right: each becomes plays whose every name is bound, or one error at its place."""

import re

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from poc_cli.errors import ScenarioError
from poc_cli.scenario import conditions
from poc_cli.scenario.expected_message import expected_by
from poc_cli.scenario.loader import parse
from poc_cli.scenario.model import Connect, Exchange, Repeat, Step
from poc_cli.scenario.plays import Play, patience, plays_of
from poc_cli.scenario.templates import render

SLEEP = """\
name = "hibernate"
title = "An idle room sleeps."
object = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}?name=ann", bob = { path = "/room/{play}", headers = { x = "{color}" } } }
vars = { color = "blue" }
steps = [
  { connect = ["ann", "bob"] },
  { on = "ann", send = { op = "who" }, expect = { sockets = 2 }, capture = { before = "instance" } },
  { hibernate = "idle" },
  {
    resume = "bob",                                    # over several lines, as TOML 1.1 allows
    send = { op = "who" }, expect = { sockets = 2, }, where = ["instance != {before}"],
  },
  { on = "ann", send = { op = "get" }, expect = [{ value = "{color}" }, "x"], claim = "storage" },
  { on = "*", quiet = "300ms", like = { event = "{color}" } },
  { on = "bob", expect = { match = '^(?P<a>[a-z]+) {color}' }, where = ['a matches "^a"'], capture = { id = "a" } },
  { close = "*", code = 1000, within = "1s" },
  { connect = "bob", path = "/room/{play}?sid={id}" },
]

[[claim]]
id = "sleeps"
says = "It sleeps."
check = "sleeps"
of = ["object"]
control = { clients = { ann = "/room/{play}?api=standard" }, expect = "refuted" }

[[claim]]
id = "storage"
says = "Rows come back."
matrix = { row = "SQLite rows", expects = "survives" }

[claim.control]
steps = [
  { connect = "ann" },
  { on = "ann", send = { op = "get" }, expect = { value = "{color}" }, claim = "storage" },
]
"""

FAULTS = """\
name = "faults"
title = "Whatever may happen does."
measures = true
needs = ["trace", "crash"]
worker = "../worker"
objects = { room = { class = "Room", name = "{play}" }, log = { class = "Log", name = "log-{play}" } }
clients = { ann = { path = "/room/{play}?n={i}", count = 3, ping = "5s" }, bob = "/room/{play}/{seen}" }
vars = { color = "blue" }
steps = [
  { connect = "ann" },
  { http = "/push/{play}", method = "PUT", headers = { x = "{color}" }, status = 201, send = { text = "{color}" },
    expect = { ok = true }, where = ["n > 1"], capture = { seen = "token" }, auth = false, within = "2s" },
  { connect = "bob" },
  { stall = "ann", release = false },
  { repeat = 20, as = "n", steps = [
    { on = "ann", send = { op = "{n}", n = "{i}" }, expect = [{ a = 1 }, { a = 2 }], order = "any", exact = true },
    { repeat = 2, steps = [{ on = "ann.2", send = "{n}", expect = "{seen}", next = true, claim = "orderly" }] },
  ] },
  { alarm = "fires", of = "room", within = "20s" },
  { kill = ["ann.1", "bob"], how = "rst" },
  { restart = "object", of = ["room", "log"] },
  { restart = "crash" },
  { hibernate = "evict", forced = true, of = "log" },
  { probe = "asleep", of = "log" },
  { resume = "ann.3", send = { bytes = 3 }, expect = { hex = "00" } },
]

[[claim]]
id = "orderly"
says = "They come in order."
check = "delivered-in-order"
by = "n"
known = { local = "refuted" }

[[claim]]
id = "quick"
says = "It wakes."
check = "wake-under"
limit = "200ms"
of = ["room"]
control = { worker = "../slow", vars = { color = "red" }, clients = { ann = { path = "/slow", count = 3 } } }
"""

WORDS = re.compile(r'"[^"\n]*"|[A-Za-z_-]+|\d+')
ODD = [
    "",
    "[",
    "]",
    "{",
    "}",
    '"',
    "'",
    '"""',
    ",",
    "=",
    ".",
    "#",
    "\n",
    "\\",
    "0",
    "1979-05-27",
    "nan",
    "true",
    "é",
    "\x00",
]


@st.composite
def near_misses(draw: st.DrawFn) -> str:
    """Return a file with a few words changed: mostly for others of their kind, so that it is still TOML."""
    text = draw(st.sampled_from([SLEEP, FAULTS]))
    for _ in range(draw(st.integers(1, 2))):
        spans = [match.span() for match in WORDS.finditer(text)]
        start, end = draw(st.sampled_from(spans))
        alike = [text[one:other] for one, other in spans if text[one].isalpha() == text[start].isalpha()]
        alike = [word for word in alike if word.startswith('"') == (text[start] == '"')]
        quoted = st.text(max_size=5).map(lambda inner: f'"{inner}"')
        change = draw(st.sampled_from(["alike", "alike", "alike", "alike", "typo", "quoted", "odd", "cut"]))
        if change == "cut":
            text = text[:start] + text[draw(st.sampled_from([span[0] for span in spans if span[0] >= start])) :]
        else:
            words = {"alike": st.sampled_from(alike), "quoted": quoted, "odd": st.sampled_from(ODD)}
            text = text[:start] + draw(words.get(change, st.just(text[start : end - 2] + text[end - 1]))) + text[end:]
    return text


def assert_playable(play: Play) -> None:
    """Every name that a step needs is bound where it is played, as the engine binds them."""
    names: dict[str, object] = play.names("p1")
    for placed in play.steps:
        assert not isinstance(placed.step, Repeat)
        step, here = placed.step, {**names, **placed.bound}
        for member in clients_of(play, step):
            known = {**play.client_bound(member), **here}
            if isinstance(step, Connect):
                table = play.clients[member].model_dump(exclude={"path"} if step.path is not None else None)
                render(table, {**here, **play.client_bound(member)})
            for key in step.fills_templates:
                render(getattr(step, key), known)
            if isinstance(step, Exchange):
                assert all(conditions.parse(text).names <= known.keys() for text in step.where)
                assert expected_by(step, known)
        if isinstance(step, Exchange):
            names |= dict.fromkeys(step.capture, "captured")


def clients_of(play: Play, step: Step) -> list[str]:
    """Return the clients that a step names, or who an `http` step is."""
    found: list[str] = []
    for key in step.names_clients:
        named = getattr(step, key)
        for name in [named] if isinstance(named, str) else named:
            assert play.members(name)
            found += play.members(name)
    return found or ["http"]


def test_what_the_near_misses_start_from_is_right() -> None:
    for text in (SLEEP, FAULTS):
        for play in plays_of(parse(text, "near.toml")):
            assert_playable(play)


@settings(max_examples=settings().max_examples * 5)
@given(near_misses())
def test_a_near_miss_is_a_scenario_or_an_error_with_a_place(text: str) -> None:
    error: ScenarioError | None = None
    plays: tuple[Play, ...] = ()
    try:
        plays = plays_of(parse(text, "near.toml"))
    except ScenarioError as refused:
        error = refused
    event("refused" if plays == () else "played")
    for play in plays:
        assert all(patience(play, placed.step) in ("sleep", "awake") for placed in play.steps)
        assert_playable(play)
    if error is not None:
        assert error.position is not None
        assert all(line.isprintable() for line in str(error).split("\n"))


@settings(max_examples=settings().max_examples * 2)
@given(st.text(max_size=60))
def test_any_text_is_an_error_with_a_place(text: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "any.toml")
    assert caught.value.position is not None
