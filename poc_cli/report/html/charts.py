"""The charts of a run: when idle sleep begins, and the distributions of wake and warm latency."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import ceil, floor, log10
from typing import Final

from poc_cli.errors import PocError
from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.document_types import Figure, RunDocument
from poc_cli.record.play_record import PlayRecord
from poc_cli.report.html.view_model import Chart, Drawing, Shape, Text

_STEP_HEIGHT: Final = 150.0
_ROW: Final = 62.0
_FOOT: Final = 24.0
_HEAD: Final = 20.0
_BAR: Final = 36.0
_BINS: Final = 60
"""Columns of a distribution; they are six pixels wide on a phone."""

_LAST_SECOND: Final = 13.0
"""The seconds for which poc waits for a sleep."""

Plays = Iterable[Sequence[Event]]


def charts_of(document: RunDocument, plays: Plays) -> tuple[Chart, ...]:
    """Return the charts for which the run has figures."""
    idle = [
        each["asleep_ms"] / 1000
        for scenario in document["scenarios"]
        for each in scenario["sleeps"]
        if each["way"] == "idle" and each["asleep_ms"] is not None
    ]
    found = [_idle(sorted(idle))] if idle else []
    figures = document["figures"]
    if "wake_ms" in figures and "warm_ms" in figures:
        wakes, warm = latencies(plays)
        if wakes and warm:
            found.append(_latency(wakes, warm, figures))
    return tuple(found)


def latencies(plays: Plays) -> tuple[list[float], list[float]]:
    """Return the wake and warm latencies in milliseconds of all stories that measure, as the judge counts them."""
    wakes: list[float] = []
    warm: list[float] = []
    for events in plays:
        if _measures(events):
            ends = [event.data for event in events if event.kind == kinds.STEP_END and event.data.get("ok")]
            wakes += [float(data["wake_ms"]) for data in ends if isinstance(data.get("wake_ms"), int | float)]
            warm += _warm(events)
    return sorted(wakes), sorted(warm)


def _measures(events: Sequence[Event]) -> bool:
    start = events[0]
    if start.data.get("role") != "story" or "measures" not in str(start.data.get("text")):
        return False
    try:
        return bool(PlayRecord(start.play, start, (), None).scenario.document.measures)
    except (PocError, KeyError):
        return False


def _warm(events: Sequence[Event]) -> list[float]:
    """Return the latencies of the exchanges before the first sleep, in milliseconds."""
    found: list[float] = []
    for event in events:
        if event.kind == kinds.LEFT:
            return found
        answered = event.data.get("answered") if event.kind == kinds.STEP_END else None
        if isinstance(answered, dict):
            found += [each["after_ns"] / 1e6 for each in answered.values()]
    return []


def _idle(seconds: Sequence[float]) -> Chart:
    """Draw the share of objects still in memory against the seconds since their last event."""
    last = max(_LAST_SECOND, ceil(seconds[-1]))
    plot = _STEP_HEIGHT - _HEAD - _FOOT
    counted = sorted(Counter(seconds).items())
    shapes: list[Shape] = []
    before, left = 0.0, len(seconds)
    for at, number in [*counted, (last, 0)]:
        share = left / len(seconds)
        x, width = 100 * before / last, 100 * (at - before) / last
        shapes.append(Shape(round(x, 3), round(width, 3), _HEAD + plot * (1 - share), plot * share, "memory"))
        if left < len(seconds):
            shapes.append(Shape(round(x, 3), round(width, 3), _HEAD, plot * (1 - share), "asleep"))
        before, left = at, left - number
    words = [
        Text(50 * seconds[0] / last, _HEAD + plot / 2 + 5, "in memory", "middle", "inbar"),
        Text(50 * (seconds[-1] + last) / last, _HEAD + plot / 2 + 5, "asleep", "middle", "asleep"),
        Text(100 * seconds[0] / last, _HEAD - 6, f"{_middle(seconds):.3f} s", "middle", "strong"),
    ]
    for second in range(0, int(last) + 1, 2):
        x = 100 * second / last
        shapes.append(Shape(x, 0.0, _STEP_HEIGHT - _FOOT, 4.0, "tick"))
        words.append(Text(x, _STEP_HEIGHT - 6, f"{second} s", "start" if second == 0 else "middle", "scale"))
    spread = "" if len(seconds) == 1 else f" (median of {len(seconds)}, {seconds[0]:.3f} to {seconds[-1]:.3f} s)"
    sentence = f"Left alone, an object left memory {_middle(seconds):.3f} s after its last event{spread}."
    drawing = Drawing(_STEP_HEIGHT, f"Share of objects in memory. {sentence}", tuple(shapes), tuple(words))
    return Chart("When idle sleep begins", sentence, drawing)


def _middle(ranked: Sequence[float]) -> float:
    half = len(ranked) // 2
    return ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2


def _latency(wakes: Sequence[float], warm: Sequence[float], figures: dict[str, Figure]) -> Chart:
    """Draw both distributions over one logarithmic scale; they differ by orders of magnitude."""
    everything = [max(each, 1e-3) for each in (*wakes, *warm)]
    low, high = floor(log10(min(everything))), max(ceil(log10(max(everything))), floor(log10(min(everything))) + 1)

    def x(value: float) -> float:
        return round(100 * (log10(max(value, 1e-3)) - low) / (high - low), 3)

    shapes: list[Shape] = []
    words: list[Text] = []
    for row, (name, values, style) in enumerate((("awake", warm, "warm"), ("waking", wakes, "wake"))):
        spread = figures["warm_ms" if style == "warm" else "wake_ms"]
        floor_y = _HEAD + _ROW * (row + 1) - 8
        shapes += histogram([x(value) for value in values], floor_y, style)
        shapes.append(Shape(x(spread["median"]), 0.0, floor_y - 38, 38, "median"))
        message = f"{name}: median {spread['median']:.2f} ms, p99 {spread['p99']:.2f} ms"
        words.append(Text(0.0, floor_y - 42, message, "start", "label"))
    bottom = _HEAD + 2 * _ROW
    for power in range(low, high + 1):
        place = round(100 * (power - low) / (high - low), 3)
        shapes.append(Shape(place, 0.0, bottom - 4, 4.0, "tick"))
        side = "start" if power == low else "end" if power == high else "middle"
        words.append(Text(place, bottom + 14, f"{10.0**power:g} ms", side, "scale"))
    sentence = (
        f"A sleeping room replied after {figures['wake_ms']['median']:.2f} ms, an awake one after "
        f"{figures['warm_ms']['median']:.2f} ms (medians of {len(wakes)} and {len(warm)}; the scale is logarithmic)."
    )
    return Chart("Latency of a wake", sentence, Drawing(bottom + _FOOT, sentence, tuple(shapes), tuple(words)))


def histogram(places: Sequence[float], floor_y: float, style: str, *, bins: int = _BINS) -> list[Shape]:
    """Return the bars of a distribution of places, which are in percent of the width."""
    width = 100 / bins
    counted = Counter(min(bins - 1, int(place / width)) for place in places)
    most = max(counted.values())
    return [
        Shape(
            round(bin_ * width, 3), round(width, 3), floor_y - height, height, style, f"{number:,} of {len(places):,}"
        )
        for bin_, number in sorted(counted.items())
        for height in [max(2.0, round(_BAR * number / most, 3))]
    ]
