"""When objects come and go, on literal lines, and that no line whatever breaks the machine."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poc_cli.residency import Delivered, Entered, Left, Residency, Stay, Timed, WorkerContextEnded
from poc_cli.residency.trace import Place
from tests.unit.residency.lines import (
    OBJECT,
    TRACES,
    ctx,
    ctx_end,
    destroy,
    fed,
    init,
    line,
    request,
    settle,
    turn,
)

OTHER = "cd" * 32


def test_a_stay_is_entering_events_and_leaving() -> None:
    residency, changes = fed(
        ctx(4, at=10),
        request(1, "fetch", at=20, number=4),
        turn(1, 30, number=4),
        request(2, "hibernatable_websocket", at=40, number=4),
        turn(2, 50, number=4),
        settle(2, at=55, number=4),
        ctx_end(4, at=90),
    )
    assert changes == [
        Entered(7, 4, "main", OBJECT, 10, "fetch"),
        Delivered(7, 4, OBJECT, 20, "fetch"),
        Delivered(7, 4, OBJECT, 40, "hibernatable_websocket"),
        Left(7, 4, OBJECT, 90, last_event_ns=40, last_activity_ns=55, how="ended"),
    ]
    assert residency.stay(OBJECT) is None
    assert residency.latest_ns == 90


SET_ALARM = line(
    "annotate", ctx=4, id=9, k="cloudflare.durable_object.alarm.scheduled_time", v="2026-11-22T19:10:26.476Z"
)
DUE_UNIX_MS = 1795374626476


@pytest.mark.parametrize(
    ("ended", "due"),
    [
        ([], 415 * 10**6),
        ([request(8, "alarm", at=30, number=4)], None),
        ([init(8, "operation", "durable_object_storage_deleteAlarm", at=30, number=4)], None),
        ([ctx_end(4, at=30)], 415 * 10**6),
    ],
)
def test_an_alarm_is_due_until_it_is_delivered_or_taken_back(ended: list[str], due: int | None) -> None:
    header = line("header", v=1, epochUnixMs=DUE_UNIX_MS - 415)
    residency, _ = fed(header, ctx(4, at=10), request(1, "fetch", at=20, number=4), SET_ALARM, *ended)
    assert residency.alarm_due_ns(OBJECT) == due
    assert residency.alarm_due_ns(OTHER) is None
    assert residency.ignored == 0


def test_without_the_header_no_alarm_can_be_told() -> None:
    residency, _ = fed(ctx(4, at=10), request(1, "fetch", at=20, number=4), SET_ALARM)
    assert residency.alarm_due_ns(OBJECT) is None


def test_entering_is_told_with_the_next_line_of_the_same_context() -> None:
    residency, changes = fed(ctx(1, at=10), ctx(2, OTHER, at=11))
    assert changes == []
    assert residency.stay(OBJECT) == Stay(10, 10, 10)
    assert residency.feed(turn(0, 20, number=1)) == [Entered(7, 1, "main", OBJECT, 10, None)]
    assert residency.feed(request(1, "alarm", at=30, number=2)) == [
        Entered(7, 2, "main", OTHER, 11, "alarm"),
        Delivered(7, 2, OTHER, 30, "alarm"),
    ]


def test_entering_is_never_lost_when_the_stay_ends_at_once() -> None:
    _, changes = fed(ctx(1, at=10), ctx_end(1, at=12))
    assert changes == [Entered(7, 1, "main", OBJECT, 10, None), Left(7, 1, OBJECT, 12, 10, 10, "ended")]


def test_only_a_request_is_an_event() -> None:
    _, changes = fed(ctx(), init(1, "timer", "setTimeout", at=5))
    assert [type(change) for change in changes] == [Entered, Timed]


def test_what_takes_its_own_time_is_told_once_in_a_stay() -> None:
    _, changes = fed(
        ctx(), request(1, at=1), init(2, "timer", "setTimeout", at=5), init(3, "operation", "fetch", at=6), ctx_end()
    )
    assert [change for change in changes if isinstance(change, Timed)] == [Timed(7, 1, OBJECT, 5, "setTimeout")]


def test_what_an_object_does_with_its_own_storage_takes_no_time_of_its_own() -> None:
    _, changes = fed(ctx(), request(1, at=1), init(2, "operation", "durable_object_storage_put", at=5))
    assert Timed not in map(type, changes)


def test_a_stay_that_goes_on_shows_its_last_event_and_its_last_activity() -> None:
    residency, _ = fed(ctx(at=10), request(1, at=20), turn(1, 35))
    assert residency.stay(OBJECT) == Stay(entered_ns=10, last_event_ns=20, last_activity_ns=35)
    assert residency.stay(OTHER) is None


@pytest.mark.parametrize("last", [destroy(1, at=99), settle(1, at=99, outcome="canceled")])
def test_clearing_away_is_no_activity(last: str) -> None:
    residency, _ = fed(ctx(at=10), request(5, at=20), init(1, "timer", "setTimeout", at=30), last)
    stay = residency.stay(OBJECT)
    assert stay is not None
    assert stay.last_activity_ns == 30
    assert residency.latest_ns == 99


def test_activity_never_goes_back() -> None:
    residency, _ = fed(ctx(at=10), turn(0, 50), settle(1, at=40))
    assert residency.stay(OBJECT) == Stay(10, 10, 50)
    assert residency.latest_ns == 50


def test_the_end_of_the_process_is_a_death_and_no_sleep() -> None:
    residency, _ = fed(ctx(1, at=10), request(1, at=20), ctx(2, None, at=25, worker="side"))
    assert residency.end_of_process() == [Left(7, 1, OBJECT, 25, 20, 20, "died")]
    assert residency.stay(OBJECT) is None
    assert residency.end_of_process() == []


def test_a_death_also_tells_an_entering_that_was_not_told_yet() -> None:
    residency, _ = fed(ctx(1, at=10))
    assert residency.end_of_process() == [
        Entered(7, 1, "main", OBJECT, 10, None),
        Left(7, 1, OBJECT, 10, 10, 10, "died"),
    ]


def test_the_last_line_of_a_process_ends_what_is_open() -> None:
    residency, changes = fed(ctx(1, at=10), request(1, at=20), line("exit", at=80, open=[1]))
    assert changes[-1] == Left(7, 1, OBJECT, 80, 20, 20, "died")
    assert residency.latest_ns == 80


def test_a_worker_without_an_object_only_ends() -> None:
    residency, changes = fed(ctx(3, None, worker="side"), request(1, number=3), turn(1, 30, number=3), ctx_end(3, 40))
    assert changes == [WorkerContextEnded("side", 3)]
    assert residency.seen == {}
    assert residency.latest_ns == 40


def test_objects_that_were_seen_are_remembered_after_they_left() -> None:
    residency, _ = fed(ctx(1), ctx_end(1), ctx(2, OTHER, worker="old"), ctx_end(2))
    assert residency.seen == {OBJECT: "main", OTHER: "old"}


def test_the_newest_stay_counts_when_the_old_one_ends_late() -> None:
    residency, _ = fed(ctx(1, at=10), request(1, at=11), ctx(2, at=20), request(2, at=21, number=2))
    assert residency.stay(OBJECT) == Stay(20, 21, 21)
    assert residency.feed(ctx_end(1, at=30)) == [Left(7, 1, OBJECT, 30, 11, 11, "ended")]
    assert residency.stay(OBJECT) == Stay(20, 21, 21)


@pytest.mark.parametrize(
    "bad",
    ["nonsense", b"\xff", turn(1, 5, number=9), ctx_end(9), ctx(1, OTHER), line("unheard-of"), settle(1, number=9)],
)
def test_what_cannot_be_understood_is_counted_and_changes_nothing(bad: str | bytes) -> None:
    residency, _ = fed(ctx(1, at=3), request(1, at=4))
    assert residency.feed(bad) == []
    assert residency.ignored == 1
    assert residency.latest_ns == 4
    assert residency.seen == {OBJECT: "main"}
    assert residency.stay(OBJECT) == Stay(3, 4, 4)


def test_chatter_is_not_counted_as_ignored() -> None:
    link = line("link", ctx=9, id=1, fromIso=1, fromCtx=2, fromId=3)
    residency, changes = fed(line("header", v=1, epochUnixMs=1), line("before", ctx=9, id=1, at=2), link)
    assert (residency.ignored, changes) == (0, [])


def _remembered(residency: Residency) -> int:
    ledgers = sum(len(context.ledger) for context in residency._open.values())
    return ledgers + len(residency._open) + len(residency._places)


def test_memory_stays_flat_over_stays_and_over_one_long_stay() -> None:
    residency = Residency(1)
    sizes = []
    for stay in range(3):
        residency.feed(ctx(stay + 1))
        for number in range(2_000):
            residency.feed(request(2 * number, "hibernatable_websocket", at=number, number=stay + 1))
            residency.feed(init(2 * number + 1, "js_to_kj", "awaitJs", 2 * number, at=number, number=stay + 1))
            residency.feed(settle(2 * number + 1, at=number, number=stay + 1))
            residency.feed(settle(2 * number, at=number, number=stay + 1))
        sizes.append(_remembered(residency))
        residency.feed(ctx_end(stay + 1))
    assert sizes[0] == sizes[1] == sizes[2] < 300
    assert _remembered(residency) == 0


_LINES = [json.loads(text) for text in (TRACES / "idle.jsonl").read_text().splitlines()]
_VALUES = st.one_of(st.none(), st.booleans(), st.integers(-3, 5), st.floats(), st.text(max_size=3), st.lists(st.none()))


@st.composite
def _damaged_line(draw: st.DrawFn) -> str:
    fields: dict[str, Any] = dict(draw(st.sampled_from(_LINES)))
    for name in draw(st.lists(st.sampled_from(sorted(fields)), max_size=2)):
        fields[name] = draw(_VALUES)
    text = json.dumps(fields)
    return text[: draw(st.integers(0, len(text)))] if draw(st.booleans()) else text


@given(st.lists(st.one_of(st.binary(), st.text(), _damaged_line()), max_size=40))
def test_no_lines_in_no_order_ever_raise(lines: list[str | bytes]) -> None:
    residency = Residency(1)
    changes = [change for one in lines for change in residency.feed(one)]
    for object_id in list(residency.seen):
        residency.stay(object_id)
        residency.pins(object_id, residency.latest_ns, 0)
    changes += residency.end_of_process()
    entered = [change.ctx for change in changes if isinstance(change, Entered)]
    assert sorted(entered) == sorted(change.ctx for change in changes if isinstance(change, Left))


def test_a_place_may_be_told_by_who_knows_the_source() -> None:
    asked: list[tuple[str, list[Any]]] = []

    def locate(worker: str, frames: list[Any]) -> Place:
        asked.append((worker, frames))
        return Place("src/room.ts", 12)

    residency = Residency(1, locate)
    frames = [{"fn": "f", "script": "index.js", "line": 300, "col": 5}]
    for each in (
        ctx(worker="core:user:chat"),
        line("stack", iso=1, id=7, frames=frames),
        init(1, "timer", "setInterval", stack=7),
    ):
        residency.feed(each)
    (pin,) = residency.pins(OBJECT, 1_000_000_000)
    assert (pin.script, pin.line) == ("src/room.ts", 12)
    assert asked == [("core:user:chat", frames)]


def test_who_called_an_object_is_told_with_what_reached_it() -> None:
    called = line("annotate", ctx=1, id=3, k="objectId", v=OBJECT)
    by_worker = line("annotate", ctx=2, id=3, k="objectId", v=OBJECT)
    residency, changes = fed(
        ctx(1, OTHER, at=1),
        ctx(2, None, at=2),
        called,
        by_worker,
        ctx(4, at=10),
        request(1, "fetch", at=20, number=4),
        request(2, "hibernatable_websocket", at=30, number=4),
        request(3, "jsrpc", at=40, number=4),
    )
    events = [each for each in changes if isinstance(each, Delivered)]
    assert [(each.name, each.caller) for each in events] == [
        ("fetch", OTHER),
        ("hibernatable_websocket", None),
        ("jsrpc", None),
    ]
    assert residency.linked(OBJECT) == {OTHER}
    assert (residency.times_called(OBJECT), residency.times_called(OTHER)) == (2, 1)


def test_what_poc_s_own_tail_worker_handles_is_skipped_and_nothing_else_of_it() -> None:
    residency = Residency(7, tail="poc-evict")
    handled = [ctx(2, None, worker="poc-evict", iso=2), request(1, "trace", number=2), settle(1, number=2)]
    asked = [ctx(3, None, worker="poc-evict", iso=2), request(1, "fetch", number=3), settle(1, number=3)]
    theirs = [ctx(4, None, worker="audit", iso=3), request(1, "trace", number=4)]
    changes = [
        change
        for one in (ctx(), request(1), *handled, *asked, ctx_end(2), ctx_end(3, at=5), *theirs, ctx_end(4, at=6))
        for change in residency.feed(one)
    ]
    ended = [change for change in changes if isinstance(change, WorkerContextEnded)]
    assert [(change.worker, change.ctx) for change in ended] == [("poc-evict", 3), ("audit", 4)]
    assert residency.stay(OBJECT) is not None
    assert residency.ignored == 0
    # the number may be used again by an object, which is then followed
    assert any(
        isinstance(change, Entered)
        for one in (ctx(2, "cd" * 32), request(1, number=2))
        for change in residency.feed(one)
    )
