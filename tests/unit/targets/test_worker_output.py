"""What the side-car prints about a worker's events, parsed: who threw what where, and what was logged."""

import json
from pathlib import Path
from typing import Any

import pytest

from poc_cli.residency.trace import Place
from poc_cli.targets.worker_output import Frame, Logged, Output, Threw, log_text, of_stack, parse

MARK = "poc-tail-0123456789abcdef"
ID = "4600cdaca417f76a"
AT = 1796031258209


def as_is(script: str, line: int, _: int) -> Place | None:
    return None if script.startswith("node:") else Place(script, line)


def line(
    kind: dict[str, Any], *, threw: tuple[str, ...] = (), logs: tuple[Any, ...] = (), structured: bool = False
) -> bytes:
    """Return the line of an event of an object that threw with each of these stacks."""
    item = {
        "entrypoint": "Room",
        "durableObjectId": ID,
        "kind": kind,
        "logs": [{"message": each, "level": "log", "timestamp": AT - 1} for each in logs],
        "exceptions": [
            {"name": "TypeError", "message": "no name", "timestamp": AT} | ({"stack": each} if each else {})
            for each in threw
        ],
    }
    text = f"{MARK} {json.dumps(item)}"
    return (json.dumps({"timestamp": AT, "level": "log", "message": text}) if structured else text).encode()


def thrown(kind: dict[str, Any], stack: str) -> Threw:
    output = parse(line(kind, threw=(stack,)), MARK, as_is)
    assert output is not None
    (threw,) = output.threw
    return threw


MESSAGE = {"socket": "message"}
STACK = "    at greet (src/greet.ts:2:24)\n    at Room.webSocketMessage (src/index.ts:36:16)"


@pytest.mark.parametrize("structured", [False, True])
def test_a_line_is_read_as_workerd_prints_it_and_as_wrangler_has_it_print(*, structured: bool) -> None:
    told = line(MESSAGE, threw=(STACK,), logs=(["got", {"n": 1}, "é"],), structured=structured)
    frames = (Frame("greet", Place("src/greet.ts", 2)), Frame("Room.webSocketMessage", Place("src/index.ts", 36)))
    threw = Threw("TypeError", "no name", frames, "webSocketMessage", "webSocketMessage", AT)
    logged = Logged("log", 'got {"n": 1} é', AT - 1)
    assert parse(told + b"\n", MARK, as_is) == Output("Room", ID, None, (logged, threw))


@pytest.mark.parametrize(
    "other",
    [b"", b"got x\n", MARK.encode(), f"{MARK} \n".encode(), f"{MARK} 7\n".encode(), b'{"message":"x"}\n', b"{\n"],
)
def test_any_other_line_is_no_output(other: bytes) -> None:
    assert parse(other, MARK, as_is) is None


@pytest.mark.parametrize(
    ("kind", "stack", "event", "handler"),
    [
        ({"socket": "message"}, STACK, "webSocketMessage", "webSocketMessage"),
        ({"socket": "message"}, "", "webSocketMessage", "webSocketMessage"),
        ({"socket": "close"}, "    at Room.webSocketClose (a.js:1:2)", "webSocketClose", "webSocketClose"),
        ({"socket": "error"}, "    at async Room.webSocketError (a.js:1:2)", "webSocketError", "webSocketError"),
        ({"scheduled": True}, "    at Room.alarm (a.js:1:2)", "alarm", "alarm"),
        ({"url": "http://x/"}, "    at Object.fetch (a.js:1:2)", "fetch", "fetch"),
        ({"rpc": "tell"}, "    at Room.tell (a.js:1:2)", "tell", "tell"),
        (
            {"socket": "message"},
            "    at fail (a.js:1:2)\n    at new Room (a.js:3:4)",
            "webSocketMessage",
            "constructor",
        ),
        ({"socket": "message"}, "    at fail (a.js:1:2)\n    at a.js:40:26", "webSocketMessage", None),
    ],
)
def test_what_threw_is_known_by_the_event_and_the_stack(
    kind: dict[str, Any], stack: str, event: str, handler: str | None
) -> None:
    threw = thrown(kind, stack)
    assert (threw.event, threw.handler) == (event, handler)


def test_a_stack_that_may_be_cut_does_not_end_in_a_constructor() -> None:
    deep = "\n".join(["    at inner (a.js:1:1)"] * 9 + ["    at new Thing (a.js:9:9)"])
    assert thrown(MESSAGE, deep).handler is None


def test_the_class_that_wrangler_derives_is_called_by_the_projects_own_name() -> None:
    threw = thrown(MESSAGE, "    at Wrapper.webSocketMessage (file:///tmp/dev-1/index.js:19:52)")
    assert threw.frames[0].function == "Room.webSocketMessage"
    assert threw.handler == "webSocketMessage"


def test_the_line_is_the_projects_own_beside_that_of_the_package_that_threw() -> None:
    stack = "    at set (node_modules/yjs/y.js:7:1)\n    at node:events:1:2\n" + STACK
    assert thrown(MESSAGE, stack).place == Place("src/greet.ts", 2, ("node_modules/yjs/y.js", 7))


def test_an_exception_that_the_runtime_reports_twice_is_one() -> None:
    output = parse(line(MESSAGE, threw=(STACK, STACK)), MARK, as_is)
    assert output is not None
    assert len([*output.threw]) == 1


def test_worker_log_gets_exceptions_only_because_the_runtime_prints_what_is_logged() -> None:
    output = parse(line(MESSAGE, threw=(STACK, "    at a.js:4:2"), logs=("got",)), MARK, as_is)
    assert output is not None
    assert log_text(output).splitlines() == [
        f"webSocketMessage of Room {ID} threw TypeError: no name at src/greet.ts:2",
        "    at greet (src/greet.ts:2)",
        "    at Room.webSocketMessage (src/index.ts:36)",
        f"TypeError: no name was thrown during webSocketMessage of Room {ID} at a.js:4",
        "    at a.js:4",
    ]
    assert not log_text(Output("Room", ID, None, (Logged("log", "got", AT),)))


def test_the_text_of_a_request_s_exception_is_read_and_wranglers_own_files_are_left_out() -> None:
    text = (
        "Error: no\nname\n    at Object.fetch (file:///home/dev/app/src/index.ts:7:108)\n"
        "    at fetchDispatcher (file:///tmp/poc-1/bundle-2/loader.entry.ts:54:17)\n"
        "    at async drain (file:///home/dev/apples/drain.ts:5:10)"
    )
    frames = (Frame("Object.fetch", Place("src/index.ts", 7)),)
    assert of_stack(text, AT, Path("/home/dev/app")) == Threw("Error", "no\nname", frames, "fetch", "fetch", AT)
    bare = of_stack("just a text", AT, Path("/home/dev/app"))
    assert (bare.name, bare.message, bare.frames) == ("Error", "just a text", ())
