"""Charts of the cost: how the run's time in memory is billed, and a month with and without hibernation."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from poc_cli.cost.bill import Bill, dollars
from poc_cli.cost.measured import Measured
from poc_cli.cost.month import Month
from poc_cli.cost.prices import Prices
from poc_cli.cost.usage_line import plain, usage_summary
from poc_cli.report.html.view_model import Chart, Drawing, Shape, Text

_LABEL: Final = 16.0
_BAR: Final = 22.0
_LINE: Final = 16.0
_GAP: Final = 14.0

_WIDEST: Final = 46
"""Characters of a line below a bar; they fit into the 350 pixels of a phone."""

_THINNEST: Final = 0.5
"""Percent of the width, so that every part that costs something is visible."""

_PARTS: Final = {
    "requests": ("requests", ("requests",)),
    "duration": ("duration", ("duration",)),
    "rows": ("rows", ("rows_read", "rows_written")),
    "stored data": ("stored", ("stored",)),
    "Workers": ("step", ("worker_requests", "worker_cpu")),
}
"""The parts of a bar: their names, their styles and their meters."""


def bills_of(measured: Measured, month: Month | None, prices: Prices) -> tuple[Chart, ...]:
    """Return the chart of the run if it used anything, and that of the month if there is a profile."""
    found = [_run(measured, prices)] if measured.total("requests") or measured.total("messages") else []
    return (*found, *([] if month is None else [_month(month)]))


def _run(measured: Measured, prices: Prices) -> Chart:
    active, pinned = measured.total("active_seconds"), measured.total("pinned_seconds")
    waiting = max(Decimal(0), measured.total("resident_seconds") - active)
    most = "at most " if measured.at_most else ""
    parts = [("duration", active - pinned), ("pinned", pinned), ("asleep", waiting)]
    shapes = list(_stacked(parts, active + waiting, _LABEL))
    words = [
        Text(0.0, _LABEL - 5, f"in memory for {plain(active + waiting)} s", "start", "label"),
        *_below(_of_run(active, pinned, waiting, most), _LABEL + _BAR),
    ]
    usage = usage_summary(measured, prices)
    sentence = (
        f"{usage[:1].upper()}{usage[1:]}. Waiting to sleep is not billed; being pinned is. Controls are included."
    )
    return Chart("What this run used", sentence, _drawing(shapes, words, sentence))


def _of_run(active: Decimal, pinned: Decimal, waiting: Decimal, most: str) -> Iterator[str]:
    yield f"{most}{plain(active)} s active"
    if pinned:
        yield f"{plain(pinned)} s of that pinned"
    if waiting:
        yield f"{plain(waiting)} s waiting to sleep"


def _month(month: Month) -> Chart:
    bills = (month.hibernating.bill, month.awake.bill)
    widest = max(bill.total for bill in bills)
    shapes: list[Shape] = []
    words: list[Text] = []
    top = 0.0
    for head, bill in zip(month.heads, bills, strict=True):
        own = " (this profile)" if bill is month.paid.bill else ""
        words.append(Text(0.0, top + _LABEL - 5, f"{head}: {dollars(bill.total)}{own}", "start", "label"))
        parts = list(_parts(bill))
        shapes += _stacked([(style, amount) for _, style, amount in parts], widest, top + _LABEL)
        below = list(_below((f"{name} {dollars(amount)}" for name, _, amount in parts), top + _LABEL + _BAR))
        words += below
        top = below[-1].y + _GAP
    saved = f"hibernation saves {dollars(month.saved)}" if month.saved > 0 else "hibernation makes no difference"
    sentence = f"{month.title[:1].upper()}{month.title[1:]}: {saved}. Prices as read on {month.prices.read}."
    return Chart("The month's bill", sentence, _drawing(shapes, words, sentence))


def _parts(bill: Bill) -> Iterator[tuple[str, str, Decimal]]:
    yield "plan", "plan", bill.base
    for name, (style, meters) in _PARTS.items():
        amount = sum((bill.line(meter).cost for meter in meters), Decimal(0))
        if amount:
            yield name, style, amount


def _stacked(parts: Iterable[tuple[str, Decimal]], whole: Decimal, top: float) -> Iterator[Shape]:
    """Yield the parts of a bar side by side, in percent of the whole."""
    x = 0.0
    for style, amount in parts:
        if amount > 0:
            width = max(_THINNEST, round(float(100 * amount / whole), 3))
            yield Shape(round(x, 3), min(width, round(100 - x, 3)), top, _BAR, style)
            x = min(100.0, x + width)


def _below(parts: Iterable[str], top: float) -> Iterator[Text]:
    """Yield the lines of text below a bar, with as many parts per line as fit on a phone."""
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]}, {part}" if lines else part
        if lines and len(longer) <= _WIDEST:
            lines[-1] = longer
        else:
            lines.append(part)
    for number, line in enumerate(lines, start=1):
        yield Text(0.0, top + number * _LINE, line, "start", "scale")


def _drawing(shapes: list[Shape], words: list[Text], label: str) -> Drawing:
    return Drawing(max(each.y for each in words) + 6, label, tuple(shapes), tuple(words))
