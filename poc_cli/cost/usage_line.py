"""Summarize the usage of a run in one line."""

from decimal import Decimal

from poc_cli.cost.bill import free_plan
from poc_cli.cost.measured import Measured
from poc_cli.cost.prices import Prices
from poc_cli.cost.usage import Usage


def usage_summary(measured: Measured, prices: Prices) -> str:
    """Return `this run: 61 requests, 2.9 GB-s: 0.06 % of the free plan's day`; from 1 % up, it names the limit."""
    usage = day_of(measured)
    used = usage.metered(prices)
    tightest = free_plan(usage, prices).tightest
    most = "at most " if measured.at_most else ""
    requests = used["requests"]
    parts = f"{plain(requests)} {'request' if requests == 1 else 'requests'}, {most}{plain(used['duration'])} GB-s"
    which = f" ({tightest.meter.title})" if tightest.part >= Decimal("0.01") else ""
    return f"this run: {parts}: {most}{percent(tightest.part)} of the free plan's day{which}"


def remote_usage_summary(measured: Measured, prices: Prices) -> list[str]:
    """Return the summary of a run on a remote worker, explaining the estimate if active time is unknown."""
    line = usage_summary(measured, prices)
    if not measured.at_most:
        return [line]
    return [
        line,
        "  counted from outside: connections, messages and requests of poc itself; an object counts as active for as",
        "  long as a client was connected, even while it slept; for the billed usage see the Cloudflare dashboard",
    ]


def day_of(measured: Measured) -> Usage:
    """Return the usage of the whole run as if it had happened in one day."""
    whole = Usage(Decimal(1))
    for play in measured.plays:
        whole = whole.plus(play.usage(Decimal(1)))
    return whole


def plain(number: Decimal) -> str:
    """Format a number: three digits for a small one, commas between thousands."""
    if number == number.to_integral_value():
        return f"{number:,.0f}"
    if number >= 1000:  # noqa: PLR2004 - the fraction does not matter above this
        return f"{number:,.0f}"
    if number < Decimal("0.001"):
        return "less than 0.001"
    return (f"{number:,.2f}" if number >= 1 else f"{number:.3g}").rstrip("0").rstrip(".")


def percent(part: Decimal) -> str:
    """Format a fraction as a percentage."""
    whole = part * 100
    if 0 < whole < Decimal("0.01"):
        return "less than 0.01 %"
    return f"{plain(whole)} %"
