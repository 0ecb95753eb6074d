"""The bill: what usage costs in a month of the paid plan, and how much of the free plan's limits it takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Final

from poc_cli.cost.prices import Meter, Prices
from poc_cli.cost.usage import ZERO, Usage

CENT: Final = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Return an amount in dollars to the cent, half a cent upwards."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def dollars(amount: Decimal) -> str:
    """Return an amount as it is written: `$1,234.50`."""
    return f"${cents(amount):,}"


@dataclass(frozen=True, slots=True)
class Line:
    """One meter of the bill: what was used, how much of that is beyond what is included, what is billed of it.

    `billed` is `beyond` in whole units where the page rounds up. `cost` is of `billed`, `exact` of `beyond`.
    """

    meter: Meter
    used: Decimal
    beyond: Decimal
    billed: Decimal
    cost: Decimal
    exact: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """A month of the paid plan, in dollars."""

    base: Decimal
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        """Return what is to be paid, to the cent."""
        return cents(self.base + sum((line.cost for line in self.lines), ZERO))

    @property
    def exact(self) -> Decimal:
        """Return what it would be if parts of a unit were billed as parts, to the cent."""
        return cents(self.base + sum((line.exact for line in self.lines), ZERO))

    @property
    def dominant(self) -> Line | None:
        """Return the line that costs most, None where nothing comes on top of the base."""
        dearest = max(self.lines, key=lambda line: line.cost)
        return dearest if dearest.cost else None

    def line(self, meter: str) -> Line:
        """Return the line of a meter."""
        return next(line for line in self.lines if line.meter.name == meter)


def bill(usage: Usage, prices: Prices) -> Bill:
    """Return the bill of a month's usage on the paid plan."""
    used = usage.metered(prices)
    return Bill(prices.base, tuple(_line(meter, used[name]) for name, meter in prices.meters.items()))


def _line(meter: Meter, used: Decimal) -> Line:
    beyond = max(ZERO, used - meter.included)
    units = beyond / meter.unit
    whole = units.to_integral_value(ROUND_CEILING) if meter.rounds_up else units
    return Line(meter, used, beyond, whole * meter.unit, whole * meter.price, units * meter.price)


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a limit of the free plan is taken, by a day's usage or by all that is stored."""

    meter: Meter
    used: Decimal
    limit: Decimal

    @property
    def part(self) -> Decimal:
        """Return the part of the limit; 1 is all of it."""
        return self.used / self.limit


@dataclass(frozen=True, slots=True)
class FreePlan:
    """What the usage takes of the free plan, the fullest limit first. What is beyond a limit fails with an error."""

    shares: tuple[Share, ...]

    @property
    def tightest(self) -> Share:
        """Return the limit that is reached first."""
        return self.shares[0]

    @property
    def suffices(self) -> bool:
        """Whether nothing is beyond its limit."""
        return self.tightest.part <= 1


def free_plan(usage: Usage, prices: Prices) -> FreePlan:
    """Return what usage takes of the free plan's limits, taking all its days for alike."""
    return FreePlan(tuple(sorted(_shares(usage, prices), key=lambda share: -share.part)))


def _shares(usage: Usage, prices: Prices) -> Iterator[Share]:
    for name, used in usage.metered(prices).items():
        meter = prices.meters[name]
        if meter.free is not None:
            yield Share(meter, used / usage.days if meter.free.per == "day" else used, meter.free.limit)
