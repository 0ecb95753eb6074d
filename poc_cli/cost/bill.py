"""Compute what a month's usage costs on the paid plan, and its share of the free plan's limits."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Final

from poc_cli.cost.prices import Meter, Prices
from poc_cli.cost.usage import ZERO, Usage

CENT: Final = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Round an amount in dollars to the cent, half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def dollars(amount: Decimal) -> str:
    """Format an amount like `$1,234.50`."""
    return f"${cents(amount):,}"


@dataclass(frozen=True, slots=True)
class Line:
    """One meter of the bill: the usage, the part beyond what the plan includes, and the amount billed.

    `billed` is `beyond` rounded up to whole units if the meter rounds up. `cost` is the price of `billed`, and `exact`
    that of `beyond`.
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
        """Return the total to the cent."""
        return cents(self.base + sum((line.cost for line in self.lines), ZERO))

    @property
    def exact(self) -> Decimal:
        """Return what the total would be without rounding up to whole units, to the cent."""
        return cents(self.base + sum((line.exact for line in self.lines), ZERO))

    @property
    def dominant(self) -> Line | None:
        """Return the most expensive line, None if nothing costs more than the base price."""
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
    """The share of one free plan limit that is used, by a day's usage or by everything stored."""

    meter: Meter
    used: Decimal
    limit: Decimal

    @property
    def part(self) -> Decimal:
        """Return the fraction of the limit that is used."""
        return self.used / self.limit


@dataclass(frozen=True, slots=True)
class FreePlan:
    """The shares of all free plan limits, the largest first. Operations beyond a limit fail with an error."""

    shares: tuple[Share, ...]

    @property
    def tightest(self) -> Share:
        """Return the share of the limit that is reached first."""
        return self.shares[0]

    @property
    def suffices(self) -> bool:
        """Whether usage stays within all limits."""
        return self.tightest.part <= 1


def free_plan(usage: Usage, prices: Prices) -> FreePlan:
    """Return the shares of the free plan's limits, assuming the same usage every day."""
    return FreePlan(tuple(sorted(_shares(usage, prices), key=lambda share: -share.part)))


def _shares(usage: Usage, prices: Prices) -> Iterator[Share]:
    for name, used in usage.metered(prices).items():
        meter = prices.meters[name]
        if meter.free is not None:
            yield Share(meter, used / usage.days if meter.free.per == "day" else used, meter.free.limit)
