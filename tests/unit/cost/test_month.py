"""Both sides of a month, and that the places where they cross over are where they are said to be."""

from decimal import Decimal
from typing import Any

import pytest

from poc_cli.cost.bill import bill, free_plan
from poc_cli.cost.expected import usage_of
from poc_cli.cost.month import Month, Side, month_of
from poc_cli.cost.prices import shipped
from poc_cli.cost.profile import Profile
from poc_cli.cost.usage import Usage
from tests.support.numbers import numbers

CHAT: dict[str, Any] = {
    "title": "t",
    "users": 1000,
    "rooms": 50,
    "hours_online": 4,
    "messages_per_minute": 1,
    "handler_ms": 10,
    "rows_written_per_message": 1,
}


def month(**keys: Any) -> Month:
    return month_of(Profile(**(CHAT | keys)), shipped())


def of_users(number: Decimal, *, hibernating: bool) -> Usage:
    share = number / CHAT["users"]
    return usage_of(Profile(**CHAT), hibernating=hibernating).times(share)


def test_up_to_so_many_users_an_awake_object_is_included_and_with_one_more_it_is_not() -> None:
    users = month().same_up_to
    assert users is not None
    assert bill(of_users(users, hibernating=False), shipped()).line("duration").cost == 0
    assert bill(of_users(users + 1, hibernating=False), shipped()).line("duration").cost == Decimal("12.5")


@pytest.mark.parametrize("hibernating", [True, False])
def test_the_free_plan_serves_so_many_and_not_one_more(*, hibernating: bool) -> None:
    found = month()
    side: Side = found.hibernating if hibernating else found.awake
    users = found.free_up_to(side)
    assert users is not None
    assert free_plan(of_users(users, hibernating=hibernating), shipped()).suffices
    assert not free_plan(of_users(users + 1, hibernating=hibernating), shipped()).suffices
    assert side.free.tightest.meter.name == ("rows_written" if hibernating else "duration")


def test_what_is_paid_is_the_side_of_the_api() -> None:
    assert month().paid == month().hibernating
    assert month(api="standard").paid == month().awake
    assert month().saved == month().awake.bill.total - month().hibernating.bill.total > 0


def test_nothing_crosses_over_where_both_are_the_same() -> None:
    found = month(users=0, rooms=1, messages_per_minute=0, http_per_day=1000)
    assert (found.same_up_to, found.never_rests_from, found.users, found.free_up_to(found.paid)) == (None,) * 4
    assert found.saved == 0
    assert [each.users for each in found.grown()] == [None] * 3


def test_a_hundred_times_as_much_is_billed_anew() -> None:
    grown = list(month().grown())
    assert [numbers(each.times, each.users) for each in grown] == [[1, 1000], [10, 10_000], [100, 100_000]]
    assert grown[0].hibernating == month().hibernating.bill.total
    assert grown[2].awake == bill(month().awake.usage.times(Decimal(100)), shipped()).total


def test_the_other_reading_of_the_free_plan_is_told_where_it_decides() -> None:
    # Rows written are the tightest limit here, and 240,000 messages a day are beyond 100,000 whichever way.
    told = month(rows_written_per_message=0.1)
    share = told.one_to_one(told.hibernating)
    assert share is not None
    assert share.meter.name == "requests"
    assert share.used == 1000 * 240 + 1000
    assert month(rows_written_per_message=2).one_to_one(month(rows_written_per_message=2).hibernating) is None
