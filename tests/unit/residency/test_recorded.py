"""What real traces of workerd 2026-10-23 say, one recorded run at a time."""

from collections import Counter

import pytest

from poc_cli.residency import Change, Delivered, Entered, Left, Pin, Residency, WorkerContextEnded, object_id
from tests.unit.residency.lines import SECOND, TRACES, recorded

ANN = object_id("poc-room", "ann")

PINS = {
    "interval": ("timer", "setInterval", "pins.ts", 24),
    "timeout": ("timer", "setTimeout", "pins.ts", 27),
    "fetch": ("operation", "fetch", "pins.ts", 30),
    "waituntil": ("awaitJs", "waitUntil", "pins.ts", 33),
    "outgoing": ("awaitJs", "an outgoing WebSocket", "pins.ts", 36),
    "standard": ("awaitJs", "a standard-API WebSocket", "room.ts", 87),
}

CAUSES: dict[str, list[tuple[str, int | None]]] = {
    "hung": [("an unfinished WebSocket handler", None)],
    "awaited-fetch": [("an unfinished WebSocket handler", None), ("fetch", 79)],
    "socket": [("an outgoing WebSocket", 83)],
    "upgrade": [("an outgoing WebSocket", 85)],
    "to-object": [("an outgoing WebSocket", 97)],
    "proxy": [("an outgoing WebSocket", 129)],
    "after-fetch": [("a standard-API WebSocket", 127)],
    "wait-until": [("waitUntil", 68)],
    "body": [("waitUntil", 69)],
    "wait": [("scheduler.wait", 77)],
    "rearmed": [("setTimeout", 64)],
    "loop": [("scheduler.wait", 65)],
    "late-fetch": [("fetch", 70)],
    "tcp": [("a TCP socket", 93), ("a TCP socket", 93)],
    "transaction": [("a storage transaction", 67), ("an unfinished WebSocket handler", None)],
    "call": [("an RPC call", 96)],
    "alarm": [("scheduler.wait", 138), ("an unfinished alarm handler", None)],
}

HEALTHY = ["busy", "put", "putforget", "fetched", "cleared", "closed", "caller", "bcw", "waited"]


def played(name: str) -> tuple[Residency, list[Change]]:
    residency = Residency(1)
    changes = [change for one in recorded(name) for change in residency.feed(one)]
    return residency, [change for change in changes if not isinstance(change, WorkerContextEnded)]


def pins_of(trace: str, name: str, unique_key: str = "lab-key") -> tuple[Pin, ...]:
    residency, _ = played(trace)
    identifier = object_id(unique_key, name)
    assert residency.stay(identifier) is not None
    return residency.pins(identifier, residency.latest_ns)


@pytest.mark.parametrize("name", [file.stem for file in sorted(TRACES.glob("*.jsonl"))])
def test_no_line_of_a_real_trace_is_ignored(name: str) -> None:
    residency, changes = played(name)
    assert residency.ignored == 0
    assert changes


def test_idle_sleep_ends_ten_seconds_after_the_last_activity() -> None:
    _, changes = played("idle")
    left = next(change for change in changes if isinstance(change, Left))
    assert (left.object_id, left.how) == (ANN, "ended")
    assert 9.99 * SECOND < left.at_ns - left.last_activity_ns < 10.01 * SECOND
    assert left.last_event_ns < left.last_activity_ns


@pytest.mark.parametrize("name", ["idle", "evict"])
def test_the_next_message_wakes_the_object(name: str) -> None:
    residency, changes = played(name)
    assert [type(change) for change in changes] == [Entered, Delivered, Delivered, Left, Entered, Delivered]
    first, woken = (change for change in changes if isinstance(change, Entered))
    assert (first.why, woken.why) == ("fetch", "hibernatable_websocket")
    assert first.ctx != woken.ctx
    assert {change.object_id for change in changes if not isinstance(change, WorkerContextEnded)} == {ANN}
    assert residency.seen == {ANN: "main"}


def test_an_eviction_ends_the_stay_at_once_and_before_the_side_car_answers() -> None:
    residency = Residency(1)
    changes = [change for one in recorded("evict") for change in residency.feed(one)]
    left = next(change for change in changes if isinstance(change, Left))
    assert left.how == "ended"
    assert left.at_ns - left.last_activity_ns < SECOND
    side = next(change for change in changes if isinstance(change, WorkerContextEnded) and change.worker == "side")
    assert changes.index(left) < changes.index(side)


def test_a_killed_process_ends_no_context_so_its_end_must_be_told() -> None:
    residency, changes = played("crash")
    assert [type(change) for change in changes] == [Entered, Delivered, Delivered]
    assert residency.stay(ANN) is not None
    end = residency.end_of_process()
    assert [(type(change), change.how) for change in end if isinstance(change, Left)] == [(Left, "died")]
    assert residency.stay(ANN) is None


def test_a_process_that_is_asked_to_stop_ends_its_contexts_itself() -> None:
    residency, changes = played("stop")
    left = changes[-1]
    assert isinstance(left, Left)
    assert (left.how, left.at_ns - left.last_activity_ns < SECOND) == ("ended", True)
    assert residency.end_of_process() == []


def test_an_alarm_is_an_event() -> None:
    _, changes = played("alarm")
    names = [change.name for change in changes if isinstance(change, Delivered)]
    assert names == ["fetch", "hibernatable_websocket", "alarm"]


@pytest.mark.parametrize("name", PINS)
def test_each_pin_of_the_shipped_worker_is_named_with_its_line(name: str) -> None:
    found = pins_of(f"pin-{name}", "ann", "poc-room")
    assert [(pin.kind, pin.what, pin.script, pin.line) for pin in found] == [PINS[name]]


@pytest.mark.parametrize("name", CAUSES)
def test_each_cause_is_named_as_far_as_the_trace_tells(name: str) -> None:
    found = pins_of("causes", name)
    assert Counter((pin.what, pin.line) for pin in found) == Counter(CAUSES[name])


@pytest.mark.parametrize("name", HEALTHY)
def test_an_object_that_is_done_has_no_pins(name: str) -> None:
    assert pins_of("healthy", name) == ()


def test_an_object_that_answered_a_call_has_no_pins() -> None:
    assert pins_of("healthy", "peer5") == ()


def test_a_canceled_handler_is_told_from_a_hung_one() -> None:
    assert pins_of("event-timeout", "canceled") == ()
    assert [pin.what for pin in pins_of("event-timeout", "hung")] == ["an unfinished WebSocket handler"]


def test_a_fence_is_seen_to_end() -> None:
    residency = Residency(1)
    changes = [change for one in recorded("pin-interval") for change in residency.feed(one)]
    assert isinstance(changes[-1], WorkerContextEnded)
    assert changes[-1].worker == "side"
