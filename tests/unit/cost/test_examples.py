"""The published examples, to the cent: as the page rounds, and as it reckoned before it did."""

from decimal import Decimal

import pytest

from poc_cli.cost.bill import bill
from poc_cli.cost.expected import traffic, usage_of
from poc_cli.cost.month import month_of
from poc_cli.cost.prices import METERS, shipped
from poc_cli.cost.profile import SAMPLES, Profile, profile_of, sample_text
from poc_cli.cost.usage import Usage
from tests.support.numbers import numbers


def sample(name: str) -> Profile:
    text = sample_text(name)
    assert text is not None
    return profile_of(text, f"{name}.toml")


@pytest.mark.parametrize(
    ("name", "rounded", "exact", "requests", "gb_seconds", "billed"),
    [
        # total, before it was rounded up, requests, GB-s, and what is billed of both
        ("example-1", "5.15", "5.08", 1_500_000, 128_000, ("1000000", "0")),
        ("example-2", "142.95", "138.65", 3_750_000, 11_059_200, ("3000000", "11000000")),
        ("example-3", "419.30", "416.51", 12_960_100, 33_177_600, ("12000000", "33000000")),
        ("example-4", "20.65", "10.00", 21_610_000, 552_960, ("21000000", "1000000")),
    ],
)
def test_the_four_examples(  # noqa: PLR0913, PLR0917 - a row of the table
    name: str, rounded: str, exact: str, requests: int, gb_seconds: int, billed: tuple[str, str]
) -> None:
    found = month_of(sample(name), shipped()).paid.bill
    assert (str(found.total), str(found.exact)) == (rounded, exact)
    assert numbers(found.line("requests").used, found.line("duration").used) == [requests, gb_seconds]
    assert tuple(str(int(found.line(each).billed)) for each in ("requests", "duration")) == billed


def test_what_comes_before_the_bill() -> None:
    second = traffic(sample("example-2"), hibernating=False)
    assert numbers(second.connects, second.messages, second.open_seconds) == [150_000, 72_000_000, 86_400_000]
    third = traffic(sample("example-3"), hibernating=False)
    assert numbers(third.connects, third.messages, third.open_seconds) == [100, 259_200_000, 259_200_000]
    fourth = usage_of(sample("example-4"), hibernating=True)
    assert numbers(fourth.requests, fourth.messages, fourth.active_seconds) == [10_000, 432_000_000, 4_320_000]


def test_part_of_a_unit_is_billed_as_a_whole_one() -> None:
    # The page: "500,000 GB-s of billable compute duration is rounded up to 1,000,000 GB-s".
    seconds = Decimal(900_000) / shipped().memory_gb
    line = bill(Usage(Decimal(30), active_seconds=seconds), shipped()).line("duration")
    assert numbers(line.beyond, line.billed, line.cost, line.exact) == [500_000, 1_000_000, 12.5, 6.25]


def test_the_workers_page_does_not_round() -> None:
    # Its example 3: 720 requests of 3 minutes of CPU time each are $1.99 beside the plan.
    usage = Usage(Decimal(30), worker_requests=Decimal(720), worker_cpu_ms=Decimal(720 * 180_000))
    assert str(bill(usage, shipped()).total) == "6.99"
    # Its example 4: 100 million requests of 7 ms.
    usage = Usage(Decimal(30), worker_requests=Decimal(10**8), worker_cpu_ms=Decimal(7 * 10**8))
    assert str(bill(usage, shipped()).total) == "45.40"


def test_each_price_has_a_page_and_its_day() -> None:
    prices = shipped()
    assert tuple(prices.meters) == METERS
    for meter in prices.meters.values():
        assert prices.sources[meter.source].url.startswith("https://developers.cloudflare.com/")
        assert meter.price > 0
    assert [len(day) for day in (prices.read, *(page.updated for page in prices.sources.values()))] == [10] * 3


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_can_be_read_and_billed(name: str) -> None:
    month = month_of(sample(name), shipped())
    assert month.hibernating.bill.total <= month.awake.bill.total
