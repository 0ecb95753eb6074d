"""A month's bill as text: a table with and without hibernation, and sentences about it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from poc_cli.cost.bill import Line as BillLine
from poc_cli.cost.bill import Share, dollars
from poc_cli.cost.measured import Measured
from poc_cli.cost.month import Month
from poc_cli.cost.prices import Prices
from poc_cli.cost.usage import DAYS_OF_A_MONTH, SECONDS_OF_A_DAY
from poc_cli.cost.usage_line import percent, plain, usage_summary
from poc_cli.report.styled import Line, span
from poc_cli.residency.on_cloudflare import MOST_SECONDS

WHY: Final = "The time in which an object waits to sleep or sleeps is not billed; the time in which it is pinned is."

Row = tuple[str, str, str, str, str]


def lines(month: Month) -> list[Line]:
    """Return the month's bill with notes and sentences."""
    notes = [[span(note)] for note in month.notes]
    return [[span(month.title, "bold")], *notes, [], *_table(month), [], *_sentences(month), [], *_growth(month)]


def run_lines(measured: Measured, prices: Prices) -> list[Line]:
    """Return the usage of a run and how its time in memory was spent."""
    return [
        [span(usage_summary(measured, prices), "bold")],
        *([span(f"  {text}")] for text in _memory(measured, prices)),
        [],
    ]


def source(prices: Prices) -> Line:
    """Return the source and date of the prices."""
    page = prices.sources["durable_objects"]
    return [span(f"Prices as read on {prices.read}: {page.url} (of {page.updated})", "dim")]


def _memory(measured: Measured, prices: Prices) -> Iterator[str]:
    resident, active = measured.total("resident_seconds"), measured.total("active_seconds")
    pinned = measured.total("pinned_seconds")
    if measured.at_most:
        yield f"active for at most {plain(active)} s; without the runtime's trace this is an upper bound"
        return
    waiting = f"{plain(resident - active)} s waiting to sleep, which is not billed"
    yield f"in memory for {plain(resident)} s: {plain(active)} s active, {waiting}"
    if pinned:
        yield f"{plain(pinned)} s of the active time were spent pinned by something that the worker left open"
        yield from _pinned_there(prices)


def _pinned_there(prices: Prices) -> Iterator[str]:
    """Yield what pins cost on Cloudflare, where an operation keeps its object for a limited time."""
    duration = prices.meters["duration"]
    each, month = (seconds * prices.memory_gb for seconds in (MOST_SECONDS, SECONDS_OF_A_DAY * DAYS_OF_A_MONTH))
    thousand, always = (dollars(used / duration.unit * duration.price) for used in (each * 1000, month))
    yield (
        f"on Cloudflare an operation keeps its object for at most {MOST_SECONDS // 60} minutes, {plain(each)} GB-s: a "
        f"thousand of them cost {thousand},"
    )
    yield f"  and an object that always begins another one {always} a month, beyond what the plan includes"


def _table(month: Month) -> Iterator[Line]:
    rows = list(_rows(month))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    heads = [f"{head:>{widths[left] + 2 + widths[left + 1]}}" for head, left in zip(month.heads, (1, 3), strict=True)]
    yield [span(f"{'':<{widths[0]}}   {heads[0]}   {heads[1]}", "bold")]
    for row in rows:
        title, *cells = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        line = f"{title.strip():<{widths[0]}}   {cells[0]}  {cells[1]}   {cells[2]}  {cells[3]}"
        yield [span(line, "bold" if row[0] == "a month" else "dim" if row[0] == _UNROUNDED else "")]


_UNROUNDED: Final = "without rounding up"


def _rows(month: Month) -> Iterator[Row]:
    pairs = zip(month.hibernating.bill.lines, month.awake.bill.lines, strict=True)
    for left, right in pairs:
        if left.used or right.used:
            yield (left.meter.title, _used(left), dollars(left.cost), _used(right), dollars(right.cost))
    left_bill, right_bill = month.hibernating.bill, month.awake.bill
    yield ("the paid plan", "", dollars(left_bill.base), "", dollars(right_bill.base))
    yield ("a month", "", dollars(left_bill.total), "", dollars(right_bill.total))
    yield (_UNROUNDED, "", dollars(left_bill.exact), "", dollars(right_bill.exact))


def _used(line: BillLine) -> str:
    return f"{plain(line.used)} {line.meter.noun}"


def _sentences(month: Month) -> Iterator[Line]:
    for text in _describe(month):
        yield [span(text)]


def _describe(month: Month) -> Iterator[str]:
    largest = month.paid.bill.dominant
    if largest is None:
        yield "The paid plan includes all of it."
    else:
        yield f"The largest cost besides the plan is {largest.meter.title}: {dollars(largest.cost)}."
    if month.saved > 0:
        yield f"Hibernation saves {dollars(month.saved)} a month."
        yield WHY
    elif month.same_up_to is None:
        yield "Hibernation makes no difference to this bill."
    if month.same_up_to is not None:
        included = month.awake.bill.line("duration").meter.included
        yield (
            f"Up to {_users(month.same_up_to)}, with as many in each room as here, objects that never sleep "
            f"stay within the {plain(included)} GB-s included."
        )
    if month.never_rests_from is not None:
        many = plain(month.never_rests_from)
        yield f"From {many} messages a minute per user, rooms never sleep and hibernation saves nothing."
    if month.deliveries:
        yield f"{plain(month.deliveries)} messages are sent to other users, free of charge."
    yield from _free(month)


def _free(month: Month) -> Iterator[str]:
    side, other = month.paid, month.awake
    enough = "is enough" if side.free.suffices else "is not enough"
    yield f"The free plan {enough}: this uses {_share(side.free.tightest)}."
    users, awake = month.free_up_to(side), month.free_up_to(other)
    if users is not None and awake is not None and awake < users:
        named = other.free.tightest.meter.title
        yield f"  It is enough for up to {_users(users)}; without hibernation for {_users(awake)}, limited by {named}."
    elif users is not None:
        yield f"  It is enough for up to {_users(users)}."
    counted = month.one_to_one(side)
    if counted is not None:
        yield "  On the paid plan 20 messages count as one request; the prices do not say so for the free plan."
        yield f"  Counted one by one, they use {_share(counted)}."


def _share(share: Share) -> str:
    per = " a day" if share.meter.free is not None and share.meter.free.per == "day" else ""
    return f"{percent(share.part)} of its limit for {share.meter.title}, {plain(share.limit)} {share.meter.noun}{per}"


def _users(number: Decimal) -> str:
    return f"{plain(number)} {'user' if number == 1 else 'users'}"


def _growth(month: Month) -> Iterator[Line]:
    left, right = month.heads
    yield [span("As it grows", "bold")]
    for each in month.grown():
        who = f"{each.times}x" if each.users is None else _users(each.users)
        yield [span(f"  {who:<18} {left} {dollars(each.hibernating):>14}, {right} {dollars(each.awake):>16}")]
