"""From a profile to usage: what is counted, what is free, and that hibernation is never reckoned to cost more."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from poc_cli.cost.bill import bill
from poc_cli.cost.expected import busiest, traffic, usage_of
from poc_cli.cost.prices import shipped
from poc_cli.cost.profile import Profile
from poc_cli.cost.usage import Usage
from tests.support.numbers import numbers

ROOM: dict[str, Any] = {"title": "t", "users": 10, "rooms": 2, "hours_online": 1, "days": 30, "connects_per_day": 0}


def profile(**keys: Any) -> Profile:
    return Profile(**(ROOM | keys))


def with_(**keys: Any) -> Usage:
    return usage_of(profile(**keys), hibernating=True)


def without(**keys: Any) -> Usage:
    return usage_of(profile(**keys), hibernating=False)


def test_messages_are_of_each_user_and_minute() -> None:
    assert with_(messages_per_minute=2).messages == 10 * 2 * 60 * 30
    assert with_(messages_per_minute=0.5).messages == 10 * 30 * 30


def test_a_connection_is_a_request_to_the_object_and_one_to_the_worker() -> None:
    usage = with_(connects_per_day=3, worker_ms=2)
    assert numbers(usage.requests, usage.worker_requests, usage.worker_cpu_ms) == [900, 900, 1800]
    assert with_(connects_per_day=None, connects_per_month=5).requests == 50
    assert with_(connects_per_day=None).requests == 300, "one a day where nothing is said"


def test_what_goes_out_costs_nothing() -> None:
    quiet, loud = with_(messages_per_minute=1, fan_out=0), with_(messages_per_minute=1, fan_out=1_000_000)
    assert quiet == loud
    assert traffic(profile(messages_per_minute=1), hibernating=True).deliveries == 10 * 60 * 30 * 4, "all others"


def test_pings_cost_nothing_where_the_runtime_answers_them() -> None:
    for ping in ("auto-response", "protocol"):
        assert with_(pings_per_minute=4, ping=ping) == with_()
    woken = with_(pings_per_minute=4, ping="message", handler_ms=1)
    assert numbers(woken.messages, woken.active_seconds) == [10 * 4 * 60 * 30, 72]


def test_auto_responses_belong_to_hibernation() -> None:
    assert without(pings_per_minute=4, ping="auto-response").messages == 10 * 4 * 60 * 30
    assert without(pings_per_minute=4, ping="protocol").messages == 0


def test_an_alarm_is_a_request_a_row_and_a_handler() -> None:
    usage = with_(alarms_per_hour=2, handler_ms=500)
    assert numbers(usage.requests, usage.rows_written, usage.active_seconds) == [120, 120, 60]
    assert usage.worker_requests == 0, "no Worker stands before an alarm"


def test_rows_are_those_of_messages_and_not_of_pings() -> None:
    keys = {"rows_read_per_message": 3, "rows_written_per_message": 2, "pings_per_minute": 9, "ping": "message"}
    usage = with_(messages_per_minute=1, **keys)
    assert numbers(usage.rows_read, usage.rows_written) == [54_000, 36_000]


def test_what_is_stored_is_of_all_rooms() -> None:
    assert with_(stored_kb_per_room=500_000).stored_gb == 1


def test_with_hibernation_only_handlers_are_billed() -> None:
    usage = with_(messages_per_minute=1, handler_ms=10, connects_per_day=1, connect_ms=20)
    assert usage.active_seconds == Decimal("0.01") * 18_000 + Decimal("0.02") * 300


def test_a_pinned_object_is_billed_for_as_long_as_it_is() -> None:
    assert with_(messages_per_minute=1, handler_ms=10, pinned_ms=990).active_seconds == 18_000


def test_no_room_is_active_for_longer_than_it_is_open() -> None:
    opened = 2 * 3600 * 30
    assert with_(messages_per_minute=60, handler_ms=1000).active_seconds == opened
    assert without().active_seconds == opened
    assert without(hours_open=12).active_seconds == 12 * opened


def test_http_beside_open_rooms_adds_what_comes_while_they_are_closed() -> None:
    usage = without(http_per_day=2400, handler_ms=1000, hours_online=6)
    assert usage.active_seconds == 2 * 6 * 3600 * 30 + 2400 * 30 * Decimal("0.75")


def test_without_users_both_sides_are_the_same() -> None:
    keys: dict[str, Any] = {"users": 0, "hours_online": 0, "http_per_day": 1000}
    assert with_(**keys) == without(**keys)
    assert with_(**keys).active_seconds == 300
    assert with_(**keys, rooms=0).active_seconds == 300
    assert with_(**keys, active_seconds=7) == without(**keys, active_seconds=7)
    assert with_(**keys, active_seconds=7).active_seconds == 7


def test_what_is_known_of_the_active_time_goes_before_what_is_reckoned() -> None:
    assert with_(messages_per_minute=1, active_seconds=5).active_seconds == 5
    assert without(messages_per_minute=1, active_seconds=5).active_seconds == 2 * 3600 * 30


NUMBERS = st.floats(0, 1e5).map(lambda value: round(value, 3))
PROFILES = st.builds(
    Profile,
    title=st.just("t"),
    days=st.integers(1, 31),
    users=st.integers(1, 10**6),
    rooms=st.integers(1, 10**5),
    hours_online=st.floats(0.01, 12).map(lambda value: round(value, 3)),
    hours_open=st.none() | st.just(24.0),
    connects_per_day=NUMBERS,
    messages_per_minute=NUMBERS,
    pings_per_minute=NUMBERS,
    ping=st.sampled_from(["auto-response", "protocol", "message"]),
    http_per_day=NUMBERS,
    alarms_per_hour=NUMBERS,
    handler_ms=NUMBERS,
    connect_ms=st.none() | NUMBERS,
    pinned_ms=NUMBERS,
    rows_written_per_message=NUMBERS,
)


@given(PROFILES)
def test_hibernation_is_never_reckoned_to_cost_more(each: Profile) -> None:
    sleeping, awake = (usage_of(each, hibernating=hibernating) for hibernating in (True, False))
    assert sleeping.active_seconds <= awake.active_seconds
    assert awake.active_seconds <= Decimal(each.rooms) * 86_400 * Decimal(str(each.days))
    assert bill(sleeping, shipped()).total <= bill(awake, shipped()).total


@given(PROFILES)
def test_from_the_busiest_on_a_room_never_rests(each: Profile) -> None:
    from_ = busiest(each)
    assume(from_ is not None)
    assert from_ is not None
    for share, never_rests in ((Decimal("1.001"), True), (Decimal("0.99"), False)):
        busy = each.model_copy(update={"messages_per_minute": float(from_ * share)})
        open_seconds = traffic(busy, hibernating=True).open_seconds
        bare = busy.model_copy(update={"http_per_day": 0.0})
        if not each.http_per_day and from_ > Decimal("0.001"):
            active = usage_of(bare, hibernating=True).active_seconds
            assert (active >= open_seconds) is never_rests


@pytest.mark.parametrize("keys", [{"users": 0}, {"handler_ms": 0}, {"hours_online": 0}])
def test_nobody_makes_a_room_busy_that_takes_no_time(keys: dict[str, Any]) -> None:
    assert busiest(profile(messages_per_minute=0, **keys)) is None
