"""Lines of a worker's source, pins and exceptions in words."""

from typing import Any

import pytest

from poc_cli.record.source_lines import pin_words, pins_of, pins_words, refused_words, threw_words

INTERVAL: dict[str, Any] = {"what": "setInterval", "script": "src/room.ts", "line": 29}
PACKAGE = {"package": "node_modules/.pnpm/y@1/node_modules/y-protocols/awareness.js", "package_line": 64}


@pytest.mark.parametrize(
    ("pin", "words"),
    [
        ({"what": "waitUntil"}, "waitUntil"),
        ({"what": "waitUntil", "script": None, "line": None}, "waitUntil"),
        (INTERVAL, "setInterval (src/room.ts:29)"),
        (INTERVAL | PACKAGE, "setInterval in y-protocols/awareness.js:64, from src/room.ts:29"),
        ({"what": "fetch", "script": "node_modules/hono/app.js", "line": 3}, "fetch (hono/app.js:3)"),
    ],
)
def test_a_pin_has_both_lines(pin: dict[str, Any], words: str) -> None:
    assert pin_words(pin) == words


def test_pins_of_one_line_are_told_once() -> None:
    assert pins_words([INTERVAL, INTERVAL, {"what": "waitUntil"}]) == "setInterval (src/room.ts:29), waitUntil"
    assert pins_words([]) == "nothing that the trace shows"
    assert pins_of({"pins": [INTERVAL, 7]}) == [INTERVAL]
    assert pins_of({"pins": None}) == []


THREW = {"name": "TypeError", "message": "no name\nat all", "event": "webSocketMessage", "script": "a.ts", "line": 5}


@pytest.mark.parametrize(
    ("data", "whose", "words"),
    [
        (THREW | {"handler": "webSocketMessage"}, "", "webSocketMessage threw TypeError: no name (a.ts:5)"),
        (THREW | {"handler": "constructor"}, "lobby", "constructor of lobby threw TypeError: no name (a.ts:5)"),
        (THREW, "", "TypeError: no name was thrown during webSocketMessage (a.ts:5)"),
        ({"name": "Error", "message": "x", "event": ""}, "", "Error: x was thrown during an event"),
        (
            THREW | PACKAGE | {"handler": "alarm"},
            "",
            "alarm threw TypeError: no name (y-protocols/awareness.js:64, from a.ts:5)",
        ),
        ({"name": "Error", "message": "x" * 500, "handler": "alarm"}, "", f"alarm threw Error: {'x' * 200}…"),
    ],
)
def test_an_exception_in_a_sentence(data: dict[str, Any], whose: str, words: str) -> None:
    assert threw_words(data, whose) == words


def test_why_an_object_was_not_evicted() -> None:
    assert refused_words({"pins": [], "alarm_in_ms": 3800}) == "its alarm is due in 3.8 s, before it would sleep"
    assert refused_words({"pins": [INTERVAL], "alarm_in_ms": None}) == "pinned by setInterval (src/room.ts:29)"
