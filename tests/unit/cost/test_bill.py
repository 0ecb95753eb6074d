"""The bill for any usage: more never costs less, nothing costs the plan, and cents are cents."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poc_cli.cost.bill import bill, dollars, free_plan
from poc_cli.cost.prices import shipped
from poc_cli.cost.usage import Usage

COUNTED = (
    "requests",
    "messages",
    "active_seconds",
    "rows_read",
    "rows_written",
    "stored_gb",
    "worker_requests",
    "worker_cpu_ms",
)

AMOUNTS = st.decimals(0, 10**12, places=3)
USAGES = st.fixed_dictionaries(dict.fromkeys(COUNTED, AMOUNTS)).map(lambda each: Usage(Decimal(30), **each))


def test_no_usage_costs_the_plan() -> None:
    found = bill(Usage(Decimal(30)), shipped())
    assert (found.total, found.exact, found.dominant) == (Decimal("5.00"), Decimal("5.00"), None)
    assert free_plan(Usage(Decimal(30)), shipped()).tightest.part == 0


@given(USAGES, st.sampled_from(COUNTED), AMOUNTS)
def test_more_never_costs_less(usage: Usage, name: str, more: Decimal) -> None:
    grown = usage.plus(Usage(Decimal(30), **{name: more}))
    before, after = bill(usage, shipped()), bill(grown, shipped())
    assert before.total <= after.total
    assert before.exact <= after.exact
    assert free_plan(usage, shipped()).tightest.part <= free_plan(grown, shipped()).tightest.part


@given(USAGES)
def test_rounding_up_is_never_cheaper_and_by_less_than_a_unit_of_each(usage: Usage) -> None:
    found = bill(usage, shipped())
    assert found.exact <= found.total
    at_most = sum(line.meter.price for line in found.lines if line.meter.rounds_up)
    assert found.total - found.exact <= at_most + Decimal("0.01")
    assert found.total == found.total.quantize(Decimal("0.01"))
    assert found.total >= found.base


@given(USAGES, st.integers(1, 1000))
def test_a_part_of_the_free_plan_grows_with_the_usage(usage: Usage, times: int) -> None:
    one, many = free_plan(usage, shipped()).tightest, free_plan(usage.times(Decimal(times)), shipped()).tightest
    assert many.part == pytest.approx(one.part * times)


@pytest.mark.parametrize(
    ("name", "included", "price"),
    [
        ("requests", 1_000_000, "0.15"),
        ("messages", 20_000_000, "0.15"),  # twenty count as one
        ("active_seconds", 3_125_000, "12.5"),  # of 128 MB
        ("rows_read", 25_000_000_000, "0.001"),
        ("rows_written", 50_000_000, "1"),
        ("stored_gb", 5, "0.2"),
    ],
)
def test_what_is_included_is_free_and_the_next_one_is_not(name: str, included: int, price: str) -> None:
    assert bill(Usage(Decimal(30), **{name: Decimal(included)}), shipped()).dominant is None
    beyond = bill(Usage(Decimal(30), **{name: Decimal(included + 1)}), shipped()).dominant
    assert beyond is not None
    assert beyond.cost == Decimal(price)


def test_what_costs_most_is_named() -> None:
    usage = Usage(Decimal(30), requests=Decimal(10**9), rows_written=Decimal(60_000_000))
    dearest = bill(usage, shipped()).dominant
    assert dearest is not None
    assert (dearest.meter.name, dearest.cost) == ("requests", Decimal("149.85"))


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("requests", 100_000),
        ("active_seconds", 101_562.5),
        ("rows_read", 5_000_000),
        ("rows_written", 100_000),
        ("worker_requests", 100_000),
    ],
)
def test_the_limits_of_the_free_plan_are_a_day_s(name: str, limit: float) -> None:
    month = Decimal(str(limit)) * 30
    full = free_plan(Usage(Decimal(30), **{name: month}), shipped())
    assert full.suffices
    assert full.tightest.part == 1
    assert not free_plan(Usage(Decimal(30), **{name: month + 1}), shipped()).suffices
    assert not free_plan(Usage(Decimal(29), **{name: month}), shipped()).suffices


def test_what_is_stored_is_no_matter_of_days() -> None:
    assert free_plan(Usage(Decimal(1), stored_gb=Decimal(5)), shipped()).suffices
    assert not free_plan(Usage(Decimal(30), stored_gb=Decimal("5.01")), shipped()).suffices


@pytest.mark.parametrize(("amount", "told"), [("5.075", "$5.08"), ("1234.5", "$1,234.50"), ("0.004", "$0.00")])
def test_dollars_are_written_with_their_cents(amount: str, told: str) -> None:
    assert dollars(Decimal(amount)) == told
