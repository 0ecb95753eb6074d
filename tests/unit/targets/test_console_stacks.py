"""Errors on a worker's console: their stacks in the lines of its source, and the place that a report gets from them."""

import json

import pytest

from poc_cli.residency.trace import Place
from poc_cli.targets.console_stacks import ConsoleStacks
from poc_cli.targets.worker_output import Logged, Output

BUNDLE = "file:///tmp/poc-1/dev-2/index.js"
SOURCES = {10: Place("src/rules.ts", 13), 20: Place("src/index.ts", 55), 30: Place("node_modules/y/y.js", 64)}


def mapped(script: str, line: int, _: int) -> Place | None:
    return SOURCES.get(line) if script == BUNDLE else None


def line(message: str, level: str = "error") -> bytes:
    item = {"timestamp": 1796076114361, "level": level, "message": message}
    return json.dumps(item, separators=(",", ":")).encode() + b"\n"


def stack(*lines: int) -> str:
    return "".join(f"\n    at f{each} ({BUNDLE}:{each}:5)" for each in lines)


def message(printed: bytes) -> str:
    assert printed.endswith(b"\n")
    return str(json.loads(printed)["message"])


def placed(stacks: ConsoleStacks, *logged: Logged) -> list[Place | None]:
    output = stacks.placed(Output("Room", "4600", None, logged))
    return [each.place for each in output.lines if isinstance(each, Logged)]


def test_a_stack_is_shown_in_the_lines_of_the_source_and_its_place_is_told_with_the_event() -> None:
    stacks = ConsoleStacks(mapped)
    printed = stacks.rewritten(
        line(f"could not apply TypeError: no kind{stack(10, 20)}\n    at Wrapper.x (node:y:1:2)")
    )
    assert message(printed) == (
        "could not apply TypeError: no kind\n    at f10 (src/rules.ts:13)\n    at f20 (src/index.ts:55)"
    )
    assert placed(
        stacks,
        Logged("log", "could not apply TypeError: no kind", 1),
        Logged("error", "could not apply TypeError: no kind", 1),
        Logged("error", "could not apply TypeError: no kind", 1),
    ) == [None, SOURCES[10], None]


def test_an_error_of_a_package_has_both_places() -> None:
    stacks = ConsoleStacks(mapped)
    stacks.rewritten(line(f"Error: full{stack(30, 20)}"))
    (place,) = placed(stacks, Logged("error", "Error: full", 1))
    assert place == Place("src/index.ts", 55)._replace(package=("node_modules/y/y.js", 64))


def test_the_properties_of_an_error_stay_and_its_cause_is_not_taken_for_its_place() -> None:
    stacks = ConsoleStacks(mapped)
    whole = f"DomainError: no{stack(20)}\n    at z (file:///other.js:1:1) {{\n  [cause]: Error: deep{stack(10)}\n}}"
    assert message(stacks.rewritten(line(whole))) == (
        "DomainError: no\n    at f20 (src/index.ts:55) {\n  [cause]: Error: deep\n    at f10 (src/rules.ts:13)\n}"
    )
    assert placed(stacks, Logged("error", "DomainError: no", 1)) == [SOURCES[20]]


def test_a_name_that_a_stack_does_not_begin_with_is_found_again() -> None:
    stacks = ConsoleStacks(mapped)
    stacks.rewritten(line(f"Error [DomainError]: rpc{stack(20)}"))
    assert placed(stacks, Logged("error", "DomainError: rpc", 1)) == [SOURCES[20]]


@pytest.mark.parametrize(
    "other",
    [
        b"plain text\n    at f (file:///x.js:1:1)\n",
        line("no stack"),
        line("a stack of something else\n    at f (node:x:1:1)"),
        b'{"timestamp"\\n    at ',
        b'{"timestamp":1,"level":"error","text":"a\\n    at f (file:///x.js:1:1)"}\n',
    ],
)
def test_other_lines_stay_as_they_are(other: bytes) -> None:
    assert ConsoleStacks(mapped).rewritten(other) == other
