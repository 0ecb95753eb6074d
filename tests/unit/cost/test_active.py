"""Active time from a trace: handlers and pins are, waiting to sleep is not."""

from pathlib import Path

import pytest

from poc_cli.cost.active import Active, traced
from tests.unit.residency.lines import SECOND, TRACES, ctx, ctx_end, destroy, init, line, request, settle, turn

MS = SECOND // 1000


def one(*lines: str) -> Active:
    (stay,) = traced(1, lines).stays
    return stay


SOCKET = "hibernatable_websocket"

HANDLED = (
    ctx(at=0),
    request(1, SOCKET, at=1 * MS),
    turn(1, 3 * MS),
    settle(1, at=4 * MS),
)
"""A message that took four milliseconds."""


def test_waiting_to_sleep_is_not_active() -> None:
    stay = one(*HANDLED, ctx_end(at=10 * SECOND))
    assert (stay.active_ns, stay.resident_ns, stay.pinned_ns) == (3 * MS, 10 * SECOND, 0)
    assert stay.events == {SOCKET: 1}


def test_the_time_between_two_messages_is_not_active() -> None:
    stay = one(*HANDLED, request(2, SOCKET, at=5 * SECOND), turn(2, 5 * SECOND + MS))
    assert (stay.active_ns, stay.resident_ns) == (4 * MS, 5 * SECOND + MS)


def test_a_timer_is_active_until_it_strikes() -> None:
    timer = init(2, "timer", "setTimeout", 1, at=3 * MS)
    struck = settle(2, at=7 * SECOND), turn(2, 7 * SECOND + MS), settle(1, at=7 * SECOND + MS)
    stay = one(*HANDLED[:2], timer, HANDLED[2], *struck, ctx_end(at=17 * SECOND))
    assert (stay.active_ns, stay.pinned_ns) == (7 * SECOND, 7 * SECOND - 3 * MS)
    assert stay.resident_ns == 17 * SECOND


def test_an_interval_is_active_until_the_process_ends() -> None:
    timer = init(2, "timer", "setInterval", 1, at=3 * MS)
    stay = one(*HANDLED[:3], timer, ctx(9, actor=None, at=20 * SECOND))
    assert (stay.active_ns, stay.resident_ns) == (20 * SECOND - MS, 20 * SECOND)


def test_short_waits_at_one_place_are_one_long_one() -> None:
    lines = [ctx(at=0), request(1, SOCKET, at=0), init(2, "timer", "setInterval", 1, at=0, stack=5)]
    for number in range(3, 9):
        at = (number - 2) * SECOND // 2
        lines += [init(number, "timer", "setInterval", number - 1, at=at, stack=5), settle(number - 1, at=at)]
    stay = one(*lines)
    assert (stay.active_ns, stay.pinned_ns) == (3 * SECOND, 3 * SECOND)


def test_an_object_at_rest_waits_to_the_end_of_the_trace() -> None:
    stay = one(*HANDLED, ctx(9, actor=None, at=3 * SECOND))
    assert (stay.active_ns, stay.resident_ns) == (3 * MS, 3 * SECOND)


def test_what_a_handler_waits_for_is_active() -> None:
    waiting = init(2, "kj_to_js", "awaitIo", 1, at=3 * MS)
    stay = one(*HANDLED[:3], waiting, settle(2, at=200 * MS), turn(2, 201 * MS), settle(1, at=202 * MS))
    assert (stay.active_ns, stay.pinned_ns) == (201 * MS, 0)


def test_what_is_cleared_away_at_the_end_was_not_waited_for() -> None:
    left = init(2, "kj_to_js", "awaitIo", 1, at=3 * MS)
    stay = one(*HANDLED, left, destroy(2, at=10 * SECOND), ctx_end(at=10 * SECOND))
    assert stay.active_ns == 3 * MS


def test_storage_operations_are_told_apart() -> None:
    def query(text: str) -> str:
        return line("annotate", ctx=1, id=7, k="db.query.text", v=text)

    names = ["kv_get", "put", "kv_put", "setAlarm", "exec", "exec", "exec", "exec"]
    operations = [init(n, "operation", f"durable_object_storage_{name}", 1) for n, name in enumerate(names, start=2)]
    texts = ["SELECT a FROM b", "  insert into b values (1)", "CREATE TABLE b (a)", "DELETE FROM b"]
    stay = one(*HANDLED, *operations, *map(query, texts))
    assert (stay.reads, stay.writes) == (2, 5)


def test_a_worker_s_requests_are_its_own() -> None:
    found = traced(
        3, [ctx(1, actor=None, worker="main"), request(1), ctx(2, actor=None, worker="fence"), request(2, number=2)]
    )
    assert (found.stays, dict(found.worker_requests)) == ((), {"main": 1, "fence": 1})


def test_lines_that_cannot_be_read_tell_nothing() -> None:
    broken = ['{"e":"ctx"', "", "[]", '{"e":"annotate","ctx":x,"k":"db.query.text","v":"SELECT"}', '{"e":"new"}']
    assert one(*HANDLED, *broken).active_ns == one(*HANDLED).active_ns


def recorded(name: str) -> tuple[Active, ...]:
    return traced(1, (TRACES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()).stays


def test_a_recorded_room_that_slept_was_active_for_its_handlers_alone() -> None:
    stays = [stay for stay in recorded("idle") if stay.resident_ns > 9 * SECOND]
    assert stays
    for stay in stays:
        assert stay.active_ns < stay.resident_ns / 10
        assert stay.pinned_ns == 0


@pytest.mark.parametrize("file", sorted(path.stem for path in Path(TRACES).glob("pin-*.jsonl")))
def test_recorded_pins_are_active_throughout(file: str) -> None:
    longest = max(recorded(file), key=lambda stay: stay.resident_ns)
    assert longest.pinned_ns > SECOND
    assert longest.active_ns > 0.9 * longest.resident_ns
