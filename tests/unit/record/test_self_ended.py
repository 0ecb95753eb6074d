"""Why an object ended by itself, in words."""

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.self_ended import UNREPORTED, why_self_ended

SECOND = 1_000_000_000
LIMIT = "blockConcurrencyWhile() reached its limit of 30 s, so the runtime reset the object"


def left(after_s: float) -> Event:
    data = {"at_ns": round((1 + after_s) * SECOND), "at_last_event_ns": SECOND}
    return Event(9, "story", 40 * SECOND, "object:a", kinds.LEFT, 2, data)


def threw(message: str, *, actor: str = "object:a", at_s: float = 40.0) -> Event:
    data = {"name": "Error", "message": message, "event": "webSocketMessage", "handler": "constructor", "stack": []}
    return Event(8, "story", round(at_s * SECOND), actor, kinds.THREW, 2, data)


def test_an_exception_that_was_reported_then_is_the_reason() -> None:
    assert why_self_ended(left(0.1), [threw("one"), threw("two")]) == "constructor threw Error: two"


def test_one_of_another_object_or_another_time_is_not() -> None:
    events = [threw("one", actor="object:b"), threw("two", at_s=38.9), left(0.1)]
    assert why_self_ended(left(0.1), events) == UNREPORTED


def test_thirty_seconds_are_the_limit_of_a_blocking_constructor_with_or_without_a_report() -> None:
    assert why_self_ended(left(30.002), []) == LIMIT
    told = "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was canceled."
    assert why_self_ended(left(30.002), [threw(told)]) == LIMIT
    assert why_self_ended(left(29.4), []) == UNREPORTED
    assert why_self_ended(left(31.6), []) == UNREPORTED
