"""What a run used, in one line."""

from decimal import Decimal

from poc_cli.cost.bill import free_plan
from poc_cli.cost.measured import Measured
from poc_cli.cost.prices import Prices
from poc_cli.cost.usage import Usage


def told(measured: Measured, prices: Prices) -> str:
    """Return `this run: 61 requests, 2.9 GB-s: 0.06 % of the free plan's day`; from 1 % on the limit is named."""
    usage = day_of(measured)
    used = usage.metered(prices)
    tightest = free_plan(usage, prices).tightest
    most = "at most " if measured.at_most else ""
    requests = used["requests"]
    parts = f"{plain(requests)} {'request' if requests == 1 else 'requests'}, {most}{plain(used['duration'])} GB-s"
    which = f" ({tightest.meter.title})" if tightest.part >= Decimal("0.01") else ""
    return f"this run: {parts}: {most}{percent(tightest.part)} of the free plan's day{which}"


def told_from_outside(measured: Measured, prices: Prices) -> list[str]:
    """Return the line of a run on a remote worker, with its source where active time is unknown."""
    line = told(measured, prices)
    if not measured.at_most:
        return [line]
    return [
        line,
        "  counted from outside: connections, messages and poc's own questions; a play's object counts as active for",
        "  as long as anybody was connected, which is too much where it slept; Cloudflare's count is in the dashboard",
    ]


def day_of(measured: Measured) -> Usage:
    """Return all that a run used as the usage of one day."""
    whole = Usage(Decimal(1))
    for play in measured.plays:
        whole = whole.plus(play.usage(Decimal(1)))
    return whole


def plain(number: Decimal) -> str:
    """Return a number as people write it: three digits of a small one, whole thousands with commas."""
    if number == number.to_integral_value():
        return f"{number:,.0f}"
    if number >= 1000:  # noqa: PLR2004 - beyond that, nobody reads the fraction
        return f"{number:,.0f}"
    if number < Decimal("0.001"):
        return "less than 0.001"
    return (f"{number:,.2f}" if number >= 1 else f"{number:.3g}").rstrip("0").rstrip(".")


def percent(part: Decimal) -> str:
    """Return a part as per cent."""
    whole = part * 100
    if 0 < whole < Decimal("0.01"):
        return "less than 0.01 %"
    return f"{plain(whole)} %"
