"""How one line of the trace is read, good or bad."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poc_cli.residency.trace import (
    AlarmSet,
    Answered,
    BadLineError,
    Began,
    ContextBegan,
    ContextEnded,
    Finished,
    Header,
    Linked,
    Place,
    ProcessExited,
    Stack,
    Turn,
    own_place,
    parse,
)
from tests.unit.residency.lines import TRACES, line, stack, turn


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"e":"header","v":1,"producer":"workerd","version":"2026-10-23","epochUnixMs":1,"pid":2}',
            Header(1_000_000),
        ),
        (
            line(
                "annotate",
                ctx=2,
                k="cloudflare.durable_object.alarm.scheduled_time",
                v="1970-01-01T00:00:00.415Z",
            ),
            AlarmSet(2, 415_000_000),
        ),
        (
            '{"e":"ctx","ctx":2,"iso":1,"worker":"main","actor":"ab","at":9}',
            ContextBegan(2, 1, "main", "ab", 9),
        ),
        (
            '{"e":"ctx","ctx":2,"iso":1,"worker":"main","actor":null,"at":9}',
            ContextBegan(2, 1, "main", None, 9),
        ),
        ('{"e":"ctx_end","ctx":2,"at":9,"created":4}', ContextEnded(2, 9)),
        (
            '{"e":"init","ctx":2,"id":5,"kind":"timer","name":"setInterval","trigger":4,"exec":3,"at":9,"stack":8}',
            Began(2, 5, "timer", "setInterval", 4, 9, 8),
        ),
        (
            '{"e":"init","ctx":2,"id":5,"kind":"request","name":"fetch","trigger":0,"exec":0,"at":9}',
            Began(2, 5, "request", "fetch", 0, 9, None),
        ),
        ('{"e":"settle","ctx":2,"id":5,"outcome":"error","at":9}', Finished(2, 5, 9, "error")),
        ('{"e":"destroy","ctx":2,"id":5,"at":9}', Finished(2, 5, 9, None)),
        (
            '{"e":"annotate","ctx":2,"id":5,"k":"http.response.status_code","v":"200"}',
            Answered(2, 5),
        ),
        ('{"e":"turn","ctx":2,"cause":5,"start":1,"locked":2,"end":9}', Turn(2, 9, 2)),
        ('{"e":"turn","ctx":2,"cause":5,"start":1,"end":9}', Turn(2, 9, 9)),
        ('{"e":"turn","end":9,"ctx":2,"cause":5,"start":1}', Turn(2, 9, 9)),
        ('{"e":"exit","at":9,"open":[2]}', ProcessExited(9)),
        (
            '{"e":"stack","iso":1,"id":3,"frames":[{"fn":"f","script":"a.ts","scriptId":4,"line":6,"col":7}]}',
            Stack(1, 3, Place("a.ts", 6)),
        ),
        ('{"e":"link","ctx":1,"id":1,"fromIso":1,"fromCtx":2,"fromId":3}', Linked(1, 2)),
    ],
)
def test_each_event_is_read_with_its_fields(text: str, expected: object) -> None:
    assert parse(text) == expected
    assert parse(text.encode() + b"\n") == expected
    assert parse(json.dumps(json.loads(text))) == expected


@pytest.mark.parametrize(
    "text",
    [
        '{"e":"before","ctx":1,"id":1,"at":5}',
        '{"e":"after","ctx":1,"id":1,"at":5}',
        '{"e":"annotate","ctx":1,"id":1,"k":"url.full","v":"http://127.0.0.1/"}',
        '{"e":"annotate","ctx":1,"id":1,"k":"url.full","v":"http://x/?http.response.status_code"}',
    ],
)
def test_lines_without_a_meaning_here_are_none_in_any_spelling(text: str) -> None:
    assert parse(text) is None
    assert parse(json.dumps(json.loads(text))) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "nonsense",
        "[]",
        "7",
        "{}",
        '{"e":[]}',
        '{"e":"unheard-of","ctx":1}',
        '{"e":"ctx","ctx":1',
        '{"e":"ctx","ctx":"1","iso":1,"worker":"main","actor":null,"at":9}',
        '{"e":"ctx","ctx":1,"iso":1,"worker":"main","actor":7,"at":9}',
        '{"e":"ctx","ctx":1,"iso":1,"worker":null,"actor":null,"at":9}',
        '{"e":"ctx_end","ctx":true,"at":9}',
        '{"e":"ctx_end","ctx":1,"at":-9}',
        '{"e":"ctx_end","ctx":1,"at":9.5}',
        '{"e":"settle","ctx":1,"id":1,"at":9}',
        '{"e":"turn","ctx":1,"cause":1}',
        '{"e":"header","v":1}',
        '{"e":"annotate","ctx":1,"id":1,"k":"cloudflare.durable_object.alarm.scheduled_time","v":"soon"}',
        '{"e":"init","ctx":1,"id":1,"kind":"timer","name":"x","trigger":0,"exec":0,"at":1,"stack":"1"}',
        "[" * 100_000,
        '{"e":"ctx_end","ctx":1,"at":' + "9" * 5_000 + "}",
        b'\xff\xfe{"e":"exit","at":1}',
    ],
    ids=range(23),
)
def test_anything_else_is_a_bad_line(text: str | bytes) -> None:
    with pytest.raises(BadLineError):
        parse(text)


def test_the_place_is_the_innermost_frame_of_the_workers_own_source() -> None:
    internal = [("node-internal:internal_timers", 56), ("cloudflare:sockets", 8), ("node:timers", 1)]
    assert parse(stack(1, *internal, ("room.ts", 87), ("index.ts", 3))) == Stack(1, 1, Place("room.ts", 87))
    assert parse(stack(1, *internal)) == Stack(1, 1, None)


@pytest.mark.parametrize(
    "frame",
    [
        7,
        None,
        {},
        {"script": "a.ts"},
        {"script": 7, "line": 1},
        {"script": "", "line": 1},
        {"script": "a", "line": "1"},
    ],
)
def test_a_frame_without_a_script_and_a_line_is_passed_over(frame: object) -> None:
    assert own_place([frame]) is None
    assert own_place([frame, {"script": "b.ts", "line": 2}]) == Place("b.ts", 2)


def test_a_stack_without_a_list_of_frames_has_no_place() -> None:
    assert parse(line("stack", iso=1, id=1, frames="none")) == Stack(1, 1, None)


def test_the_short_way_reads_a_turn_as_the_long_way_does() -> None:
    short = turn(5, 1_234)
    assert parse(short) == parse(short.replace(":", ": "))


def test_every_recorded_line_is_understood() -> None:
    files = sorted(TRACES.glob("*.jsonl"))
    assert files
    for file in files:
        for one in file.read_bytes().splitlines():
            parse(one)


@given(st.one_of(st.text(), st.binary()))
def test_nothing_but_a_bad_line_is_ever_raised(text: str | bytes) -> None:
    with contextlib.suppress(BadLineError):
        parse(text)
