"""The charts of a load: sockets, messages and memory over time, and the distributions of latencies."""

from collections.abc import Iterable, Sequence
from math import ceil, floor, log10
from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.document_types import Figure, LoadDocument, RunDocument
from poc_cli.report.html.charts import histogram
from poc_cli.report.html.view_model import Chart, Drawing, Shape, Text
from poc_cli.report.load_text import heading

_HEAD: Final = 20.0
_ROW: Final = 62.0
_BAR: Final = 36.0
_FOOT: Final = 24.0
_BINS: Final = 120
_TICKS: Final = 6
_MIB: Final = 1024**2

_FIGURES: Final = {
    "opening_ms": "handshakes",
    "storm_ms": "replies in the wake storm",
    "broadcast_ms": "broadcasts",
    "chat_ms": "replies in the chat",
}

Document = dict[str, Any]
Row = tuple[str, Sequence[tuple[float, float]], str, str]
"""What a row shows, its values by seconds, the style of its bars, and the unit of the highest value."""


def charts_of_loads(document: RunDocument, plays: Iterable[Sequence[Event]]) -> tuple[Chart, ...]:
    """Return the charts of all loads of a run."""
    sections = document.get("load") or []
    samples = [found for events in plays if (found := _samples(events))]
    charts = [_over_time(section, mine) for section, mine in zip(sections, samples, strict=False)]
    latencies = {name: document["figures"][name] for name in _FIGURES if name in document["figures"]}
    if sections and latencies:
        charts.append(_latencies(latencies))
    return tuple(charts)


def _samples(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event.kind == kinds.LOAD_SAMPLE]


def _over_time(section: LoadDocument, samples: Sequence[Event]) -> Chart:
    start = samples[0].t_ns
    times = [(sample.t_ns - start) / 1e9 for sample in samples]
    whole = max(times[-1], 1e-3)
    open_ = [(at, float(sample.data.get("open", 0))) for at, sample in zip(times, samples, strict=True)]
    rows: list[Row] = [
        ("open sockets", open_, "memory", ""),
        ("messages per second", _rates(samples, times), "wake", ""),
    ]
    for name in ("runtime", "client"):
        memory = [
            (at, sample.data["uses"][name]["rss"] / _MIB)
            for at, sample in zip(times, samples, strict=True)
            if name in sample.data.get("uses", {})
        ]
        if memory:
            rows.append((f"memory of the {name}", memory, "warm", " MiB"))
    shapes: list[Shape] = []
    words: list[Text] = []
    for number, row in enumerate(rows):
        _draw(row, whole, _HEAD + _ROW * (number + 1) - 8, shapes, words)
    bottom = _HEAD + _ROW * len(rows)
    for tick in range(_TICKS + 1):
        x = round(100 * tick / _TICKS, 3)
        shapes.append(Shape(x, 0.0, bottom - 4, 4.0, "tick"))
        words.append(Text(x, bottom + 14, f"{whole * tick / _TICKS:.0f} s", _side(tick), "scale"))
    summary = heading(section)
    drawing = Drawing(bottom + _FOOT, f"{section['scenario']}: {summary}", tuple(shapes), tuple(words))
    return Chart(f"The load of {section['scenario']}", f"{summary}.", drawing)


def _side(tick: int) -> str:
    return "start" if tick == 0 else "end" if tick == _TICKS else "middle"


def _rates(samples: Sequence[Event], times: Sequence[float]) -> list[tuple[float, float]]:
    """Return the messages received per second between two samples; the recorded count restarts with each stage."""
    found: list[tuple[float, float]] = []
    before, at_before, stage = 0.0, 0.0, ""
    for sample, at in zip(samples, times, strict=True):
        came, now = float(sample.data.get("came", 0)), str(sample.data.get("stage", ""))
        gained = came - before if now == stage and came >= before else came
        if at > at_before:
            found.append((at, gained / (at - at_before)))
        before, at_before, stage = came, at, now
    return found


def _draw(row: Row, whole: float, floor_y: float, shapes: list[Shape], words: list[Text]) -> None:
    """Draw the highest value of each bin as a bar."""
    name, values, style, unit = row
    highest = max((value for _, value in values), default=0.0)
    bins: dict[int, float] = {}
    for at, value in values:
        place = min(_BINS - 1, int(_BINS * at / whole))
        bins[place] = max(bins.get(place, 0.0), value)
    width = 100 / _BINS
    last = 0
    for place, value in sorted(bins.items()):
        first = last if bins else place
        height = round(_BAR * value / highest, 3) if highest else 0.0
        if height:
            x = round(first * width, 3)
            title = f"{value:,.0f}{unit}"
            shapes.append(Shape(x, round((place + 1 - first) * width, 3), floor_y - height, height, style, title))
        last = place + 1
    words.append(Text(0.0, floor_y - _BAR - 6, f"{name}, at most {highest:,.0f}{unit}", "start", "label"))


def _latencies(figures: dict[str, Figure]) -> Chart:
    """Draw the distribution of each figure over one logarithmic scale."""
    values = {
        name: sorted(value for mine in each["samples"].values() for value in mine) for name, each in figures.items()
    }
    everything = [max(value, 1e-3) for mine in values.values() for value in mine]
    low = floor(log10(min(everything)))
    high = max(low + 1, ceil(log10(max(everything))))

    def x(value: float) -> float:
        return round(100 * (log10(max(value, 1e-3)) - low) / (high - low), 3)

    shapes: list[Shape] = []
    words: list[Text] = []
    for row, (name, mine) in enumerate(values.items()):
        floor_y = _HEAD + _ROW * (row + 1) - 8
        shapes += histogram(
            [x(value) for value in mine], floor_y, "wake" if name != "opening_ms" else "warm", bins=_BINS
        )
        shapes.append(Shape(x(figures[name]["median"]), 0.0, floor_y - 38, 38, "median"))
        message = f"{_FIGURES[name]}: median {figures[name]['median']:.1f} ms, p99 {figures[name]['p99']:.1f} ms"
        words.append(Text(0.0, floor_y - 42, message, "start", "label"))
    bottom = _HEAD + _ROW * len(values)
    for power in range(low, high + 1):
        place = round(100 * (power - low) / (high - low), 3)
        side = "start" if power == low else "end" if power == high else "middle"
        shapes.append(Shape(place, 0.0, bottom - 4, 4.0, "tick"))
        words.append(Text(place, bottom + 14, f"{10.0**power:g} ms", side, "scale"))
    sentence = "Measured from the time at which each message was due to be sent; the scale is logarithmic."
    return Chart("Latencies", sentence, Drawing(bottom + _FOOT, sentence, tuple(shapes), tuple(words)))
