"""What counts as a pin, and what it is called, on literal lines."""

import pytest

from poc_cli.residency import Pin, Residency
from poc_cli.residency.pins import REMEMBERED
from tests.unit.residency.lines import OBJECT, SECOND, ctx, ctx_end, destroy, fed, init, line, request, settle, stack

MESSAGE = "hibernatable_websocket"


def pins(*lines: str, event: str = MESSAGE, now: int = 10 * SECOND, at_least: int = SECOND) -> tuple[Pin, ...]:
    residency, _ = fed(
        stack(1, ("room.ts", 40)), stack(2, ("room.ts", 50)), stack(3, ("node-internal:internal_timers", 56)), ctx(),
        request(1, event), *lines,
    )  # fmt: skip
    assert residency.ignored == 0
    return residency.pins(OBJECT, now, at_least)


def whats(*lines: str, event: str = MESSAGE) -> list[str]:
    return [pin.what for pin in pins(*lines, event=event)]


def test_a_pin_says_what_it_is_since_when_and_where() -> None:
    assert pins(init(2, "timer", "setInterval", 1, at=3, stack=1)) == (
        Pin("timer", "setInterval", 3, "setInterval", "room.ts", 40),
    )


@pytest.mark.parametrize(("age", "seen"), [(SECOND - 1, 0), (SECOND, 1)])
def test_work_becomes_a_pin_with_age(age: int, seen: int) -> None:
    assert len(pins(init(2, "timer", "setTimeout", 1, at=5), now=5 + age)) == seen


def test_the_age_can_be_asked_for() -> None:
    assert len(pins(init(2, "timer", "setTimeout", 1, at=5), now=5, at_least=0)) == 1


def test_a_second_is_what_is_asked_for_by_default() -> None:
    residency, _ = fed(ctx(), init(1, "timer", "setTimeout", at=0))
    assert residency.pins(OBJECT, SECOND - 1) == ()
    assert len(residency.pins(OBJECT, SECOND)) == 1


@pytest.mark.parametrize("end", [settle(2), settle(2, outcome="error"), destroy(2), ctx_end()])
def test_finished_work_pins_nothing(end: str) -> None:
    work = init(2, "timer", "setTimeout", 1)
    assert whats(work) == ["setTimeout"]
    assert whats(work, end) == []


def test_requests_and_waits_of_javascript_are_no_pins() -> None:
    assert whats(init(2, "kj_to_js", "awaitIo", 1, stack=1), init(3, "microtask", "queueMicrotask", 1)) == []


def test_an_object_that_is_not_in_memory_has_no_pins() -> None:
    assert Residency(1).pins(OBJECT, SECOND) == ()


def test_pins_are_of_the_object_alone() -> None:
    residency, _ = fed(ctx(1), ctx(2, "cd" * 32), init(1, "timer", "setTimeout", number=2))
    assert residency.pins(OBJECT, 9 * SECOND) == ()


def test_the_oldest_comes_first() -> None:
    found = pins(init(2, "timer", "later", 1, at=9), init(3, "timer", "earlier", 1, at=4))
    assert [pin.name for pin in found] == ["earlier", "later"]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("fetch", "fetch"),
        ("connect", "a TCP socket"),
        ("stream_read", "a stream"),
        ("jsRpcCall", "an RPC call"),
        ("websocket_open", "an outgoing WebSocket"),
        ("durable_object_storage_transaction", "a storage transaction"),
        ("kv_get", "kv_get"),
    ],
)
def test_an_operation_is_called_what_people_call_it(name: str, what: str) -> None:
    assert whats(init(2, "operation", name, 1, stack=1)) == [what]


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (MESSAGE, "an unfinished WebSocket handler"),
        ("fetch", "an unfinished fetch handler"),
        ("alarm", "an unfinished alarm handler"),
        ("jsrpc", "an unfinished RPC method"),
        ("queue", "an unfinished handler"),
    ],
)
def test_a_wait_for_javascript_without_a_stack_is_the_handler(event: str, what: str) -> None:
    assert whats(init(2, "js_to_kj", "awaitJs", 1), event=event) == [what]


def test_a_wait_for_javascript_with_a_stack_is_wait_until() -> None:
    assert whats(init(2, "js_to_kj", "awaitJs", 1, stack=1)) == ["waitUntil"]


def test_a_wait_until_for_something_that_waits_is_still_no_socket() -> None:
    waiting = [init(2, "kj_to_js", "awaitIo", 1, stack=1), init(3, "js_to_kj", "awaitJs", 1, stack=2)]
    assert whats(*waiting, event="fetch") == ["waitUntil"]


def _socket(trigger: int, place: int | None = 2) -> list[str]:
    return [init(8, "kj_to_js", "awaitIo", trigger, stack=place), init(9, "js_to_kj", "awaitJs", trigger, stack=place)]


def _fetched(identifier: int, *, answered: bool) -> list[str]:
    status = [line("annotate", ctx=1, id=identifier, k="http.response.status_code", v="200")] if answered else []
    return [init(identifier, "operation", "fetch", 1, stack=1), settle(identifier), *status]


def test_a_socket_that_came_in_by_a_fetch_event_is_a_standard_one() -> None:
    assert whats(*_socket(1), event="fetch") == ["a standard-API WebSocket"]


def test_it_stays_one_when_the_handler_fetched_something_before() -> None:
    assert whats(*_fetched(5, answered=True), *_socket(5), event="fetch") == ["a standard-API WebSocket"]


def test_a_fetch_without_an_answer_has_become_an_outgoing_socket() -> None:
    assert whats(*_fetched(5, answered=False), *_socket(5), event="fetch") == ["an outgoing WebSocket"]


def test_a_socket_from_any_other_event_is_outgoing() -> None:
    assert whats(*_socket(1), event="alarm") == ["an outgoing WebSocket"]


def test_a_new_websocket_is_known_by_what_opened_it() -> None:
    opened = [init(5, "operation", "websocket_open", 1, stack=1), settle(5)]
    found = pins(*opened, *_socket(5, place=None), event="fetch")
    assert [(pin.what, pin.script, pin.line) for pin in found] == [("an outgoing WebSocket", "room.ts", 40)]


@pytest.mark.parametrize(
    "before",
    [
        init(8, "kj_to_js", "awaitIo", 1, stack=1),
        init(8, "kj_to_js", "awaitIo", 0, stack=2),
        init(8, "microtask", "queueMicrotask", 1, stack=2),
    ],
)
def test_a_wait_beside_another_is_a_socket_only_from_one_place_and_one_cause(before: str) -> None:
    assert whats(before, init(9, "js_to_kj", "awaitJs", 1, stack=2), event="fetch") == ["waitUntil"]


def test_two_waits_without_a_stack_are_a_handler_and_what_it_waits_for() -> None:
    waits = [init(2, "kj_to_js", "awaitIo", 1), init(3, "js_to_kj", "awaitJs", 1)]
    assert whats(*waits, event="fetch") == ["an unfinished fetch handler"]


def _answering(handler: int = 2) -> list[str]:
    """Return the lines of a handler that returns a response."""
    return [
        init(handler, "js_to_kj", "awaitJs", 1),
        init(handler + 1, "kj_to_js", "awaitIo", 1),
        settle(handler + 1),
        settle(handler),
    ]


def test_a_wait_after_the_handler_has_answered_is_the_response_body() -> None:
    # as measured: the body is asked for twice, the second wait is for its next part
    body = [init(4, "js_to_kj", "awaitJs", 1), settle(4), init(5, "js_to_kj", "awaitJs", 1)]
    assert whats(*_answering(), *body, event="fetch") == ["an open response body"]


def test_other_work_between_a_handlers_wait_and_its_answer_makes_no_difference() -> None:
    before = [init(2, "js_to_kj", "awaitJs", 1), init(9, "operation", "durable_object_storage_sync", 1, stack=1)]
    rest = [settle(9), init(3, "kj_to_js", "awaitIo", 1), settle(3), settle(2), init(5, "js_to_kj", "awaitJs", 1)]
    assert whats(*before, *rest, event="fetch") == ["an open response body"]


@pytest.mark.parametrize(
    "before",
    [
        [init(2, "js_to_kj", "awaitJs", 1), settle(2)],  # of a constructor, which answers nothing
        [init(2, "js_to_kj", "awaitJs", 1), init(3, "kj_to_js", "awaitIo", 1, stack=1), settle(3), settle(2)],
        [init(2, "js_to_kj", "awaitJs", 1), init(3, "kj_to_js", "awaitIo", 1), settle(2, outcome="error")],
    ],
)
def test_a_handler_that_has_not_answered_is_unfinished_whatever_ended_before(before: list[str]) -> None:
    assert whats(*before, init(5, "js_to_kj", "awaitJs", 1), event="fetch") == ["an unfinished fetch handler"]


def test_only_a_request_has_a_response_body() -> None:
    wait = init(5, "js_to_kj", "awaitJs", 1)
    assert whats(*_answering(), wait, event="alarm") == ["an unfinished alarm handler"]


def test_a_line_of_a_package_is_told_with_the_workers_own_that_led_there() -> None:
    residency, _ = fed(
        stack(1, ("node_modules/y/y.js", 64), ("room.ts", 29)), stack(2, ("node_modules/y/y.js", 70)), ctx(),
        request(1, MESSAGE), init(2, "timer", "setInterval", 1, stack=1), init(3, "timer", "setTimeout", 2, stack=2),
    )  # fmt: skip
    found = residency.pins(OBJECT, 10 * SECOND)
    assert [(pin.script, pin.line, pin.package) for pin in found] == [
        ("room.ts", 29, ("node_modules/y/y.js", 64)),
        ("room.ts", 29, ("node_modules/y/y.js", 70)),
    ]


def test_work_without_a_place_takes_the_nearest_ancestors() -> None:
    found = pins(
        init(2, "kj_to_js", "awaitIo", 1, stack=2),
        settle(2),
        init(3, "kj_to_js", "awaitIo", 2, stack=3),
        settle(3),
        init(4, "operation", "fetch", 3),
    )
    assert [(pin.script, pin.line) for pin in found] == [("room.ts", 50)]


def test_work_whose_ancestors_have_none_has_no_place() -> None:
    assert [(pin.script, pin.line) for pin in pins(init(2, "js_to_kj", "awaitJs", 1))] == [(None, None)]


def test_a_stack_belongs_to_its_isolate() -> None:
    stacks = [stack(1, ("one.ts", 1), iso=1), stack(1, ("two.ts", 2), iso=2)]
    residency, _ = fed(*stacks, ctx(iso=2), init(1, "timer", "setTimeout", stack=1))
    assert residency.pins(OBJECT, SECOND)[0].script == "two.ts"


def test_a_trigger_that_finished_long_ago_is_forgotten() -> None:
    others = [text for number in range(10, 10 + REMEMBERED) for text in (request(number), settle(number))]
    start = [init(2, "kj_to_js", "awaitIo", 1, stack=1), settle(2)]
    follow = init(3, "operation", "fetch", 2)
    assert pins(*start, *others[2:], follow)[0].script == "room.ts"
    assert pins(*start, *others, follow)[0].script is None


def test_a_timer_that_arms_itself_again_counts_from_the_first() -> None:
    chain = [init(2, "timer", "setTimeout", 1, at=5, stack=1), settle(2)]
    again = init(3, "timer", "setTimeout", 2, at=9 * SECOND + 5, stack=1)
    assert [pin.since_ns for pin in pins(*chain, again)] == [5]


def test_timers_whose_place_is_not_known_are_no_chain() -> None:
    first = [init(2, "timer", "setTimeout", 1, at=5), settle(2)]
    assert pins(*first, init(3, "timer", "setTimeout", 2, at=9 * SECOND + 5)) == ()


def test_an_awaited_wait_in_a_loop_counts_from_the_first() -> None:
    first = [init(2, "timer", "scheduler.wait", 1, at=4, stack=1), init(3, "kj_to_js", "awaitIo", 1, at=5, stack=1)]
    second = [init(4, "timer", "scheduler.wait", 3, at=6, stack=1), init(5, "kj_to_js", "awaitIo", 3, at=7, stack=1)]
    third = init(6, "timer", "scheduler.wait", 5, at=9 * SECOND + 5, stack=1)
    ends = [settle(number) for number in (2, 3, 4, 5)]
    assert [pin.since_ns for pin in pins(*first, *second, *ends, third)] == [5]


@pytest.mark.parametrize(
    "next_one",
    [
        init(3, "timer", "setTimeout", 2, at=9 * SECOND + 5, stack=2),
        init(3, "timer", "setTimeout", 2, at=9 * SECOND + 5),
        init(3, "timer", "setTimeout", 1, at=9 * SECOND + 5, stack=1),
        init(3, "operation", "fetch", 2, at=9 * SECOND + 5, stack=1),
    ],
)
def test_anything_else_that_follows_a_timer_counts_from_itself(next_one: str) -> None:
    assert pins(init(2, "timer", "setTimeout", 1, at=5, stack=1), settle(2), next_one) == ()


def test_a_call_that_the_object_serves_is_no_pin_but_one_that_it_makes_is() -> None:
    assert whats(init(2, "operation", "jsRpcCall", 1), event="jsrpc") == []
    assert whats(init(2, "operation", "jsRpcCall", 1, stack=1), event="jsrpc") == ["an RPC call"]
    assert whats(init(2, "operation", "jsRpcCall", 1), event="alarm") == ["an RPC call"]
    assert whats(init(2, "operation", "fetch", 1), event="jsrpc") == ["fetch"]


def test_a_handler_that_the_event_timeout_canceled_is_no_pin_once_its_request_is_over() -> None:
    hung = init(2, "js_to_kj", "awaitJs", 1)
    assert len(pins(hung)) == 1
    assert pins(hung, settle(1)) == ()
    assert pins(hung, settle(1), request(3, MESSAGE)) == ()


def test_a_handler_stays_a_pin_when_its_request_is_over_because_another_came() -> None:
    assert len(pins(init(2, "js_to_kj", "awaitJs", 1), request(3, MESSAGE), settle(1))) == 1


def test_a_request_that_was_dropped_frees_nothing() -> None:
    assert len(pins(init(2, "timer", "setInterval", 1), destroy(1))) == 1
