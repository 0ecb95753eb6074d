"""What lint warns of: it is valid and most likely a mistake."""

from pathlib import Path

import pytest

from poc_cli.scenario.catalog import shipped_files
from poc_cli.scenario.lint_warnings import warnings_of
from poc_cli.scenario.loader import parse, read

HEAD = """\
name = "room"
title = "A room."
object = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}?name=ann", bob = "/room/{play}?name=bob" }
"""

READS = '{ on = "ann", send = { op = "get" }, expect = { value = 1 }%s },\n'


def scenario(*steps: str, claim: str = "") -> str:
    listed = "".join(f"  {step.rstrip().removesuffix(',')},\n" for step in steps)
    return f"{HEAD}steps = [\n{listed}]\n{claim}"


def told(text: str) -> list[str]:
    return [str(each).split("\n")[0] for each in warnings_of(parse(text, "room.toml"))]


CLAIM = """
[[claim]]
id = "kept"
says = "It is kept."
check = "storage-survives"
"""

CONNECT, SLEEP = '{ connect = "*" }', '{ hibernate = "idle" }'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            scenario(CONNECT, READS % ', capture = { before = "value" }'),
            'room.toml:7:76: warning: the captured value "before" is not used',
        ),
        (
            scenario(CONNECT, '{ on = "ann", send = { op = "say", text = "hi {play" }, expect = { ok = true } }'),
            'room.toml:7:45: warning: "{play" has no closing brace, so it is the text that it is',
        ),
        (
            scenario(CONNECT, '{ close = "ann" }', READS % ""),
            'room.toml:8:3: warning: "ann" sends something, but it was closed at line 7',
        ),
        (
            scenario('{ connect = "bob" }', READS % "", READS % ""),
            'room.toml:7:3: warning: "ann" has not connected',
        ),
        (
            scenario(CONNECT, SLEEP, READS % ', claim = "kept"', claim=CLAIM),
            'room.toml:8:3: warning: no step sends this before the sleep, so nothing shows that "kept" held there',
        ),
    ],
)
def test_a_likely_mistake_is_warned_of_at_its_place(text: str, expected: str) -> None:
    assert told(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        scenario(CONNECT, READS % ', capture = { before = "value" }', READS % ', where = ["value == {before}"]'),
        scenario(CONNECT, '{ on = "ann", send = "{{play", expect = "{{play" }'),
        scenario(CONNECT, """{ on = "ann", send = { json_text = '{"a":{"b":1}}' }, expect = { ok = true } }"""),
        scenario(CONNECT, '{ close = "ann" }', '{ connect = "ann" }', READS % ""),
        scenario(CONNECT, '{ close = "bob" }', READS % ""),
        scenario(CONNECT, READS % "", SLEEP, READS % ', claim = "kept"', claim=CLAIM),
    ],
)
def test_what_is_meant_is_not(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize("name", shipped_files())
def test_no_shipped_scenario_is_warned_of(name: str) -> None:
    assert warnings_of(read(Path(shipped_files()[name]))) == []
