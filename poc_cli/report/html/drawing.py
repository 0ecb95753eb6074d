"""Render a timeline as a drawing to scale, in which marks that are too close together become one."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import floor, log10
from typing import Final

from poc_cli.report.html.safe import embedded
from poc_cli.report.html.timeline import LOG, Lane, Mark, Stretch, Timeline
from poc_cli.report.html.view_model import Drawing, Shape, Text

LABEL: Final = 15.0
BAR: Final = 14.0
GAP: Final = 9.0
AXIS: Final = 22.0
"""Pixels: a row of small text, a bar large enough to tap, the space below it, the scale at the bottom."""

LETTER: Final = 2.0
"""Percent of the width that a letter takes on a phone: seven pixels of 350."""

_HALF: Final = 50.0
_TICKS: Final = 5

CLASS_OF: Final = {
    "sent": "up",
    "ping": "up",
    "received": "down",
    "pong": "down",
    "delivered": "in",
    "step": "step",
    "opened": "opened",
    "closed": "closed",
    "broken": "broken",
    "failed": "failed",
    "logged": "step",
}
"""The style of each kind of mark; marks of one style may be merged."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The part of a play that is drawn, in seconds, and the most marks side by side."""

    start: float
    end: float
    bins: int

    def x(self, at: float) -> float:
        """Return the position of a time in percent of the width."""
        return round(100 * (at - self.start) / (self.end - self.start), 3)


@dataclass(slots=True)
class _Cluster:
    """Marks that are drawn as one."""

    style: str
    first: Mark
    last: Mark
    kinds: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class TimelineRenderer:
    """Draws timelines; `words` are the transcript lines of events, `anchors` the anchors of those lines."""

    words: Mapping[int, str]
    anchors: Mapping[int, str]

    def draw(self, timeline: Timeline, scale: Scale, label: str) -> Drawing:
        """Return the drawing of a part of a timeline."""
        shapes: list[Shape] = []
        texts: list[Text] = []
        y = LABEL if timeline.faults else 2.0
        for lane in timeline.lanes:
            texts.append(Text(0.0, y + LABEL - 4, heading(lane), "start", "label"))
            y += LABEL
            flags = _flags(lane.stretches, scale, y + LABEL - 4)
            texts += flags
            y += LABEL if flags else 0.0
            shapes += self._stretches(lane, scale, y)
            shapes += self._marks(lane, scale, y)
            y += BAR + GAP
        shapes += self._faults(timeline, scale, y)
        texts += _names(timeline, scale)
        ticks = _ticks(scale)
        for at, text in ticks:
            x = scale.x(at)
            shapes.append(Shape(x, 0.0, y, 4.0, "tick"))
            texts.append(Text(x, y + 16, text, _side(x), "scale"))
        return Drawing(y + AXIS, label, tuple(shapes), tuple(texts))

    def _faults(self, timeline: Timeline, scale: Scale, bottom: float) -> Iterable[Shape]:
        for at, name, event in timeline.faults:
            if scale.start <= at <= scale.end:
                yield Shape(scale.x(at), 0.0, 2.0, bottom - 4, "fault", name, self.anchors.get(event))

    def _stretches(self, lane: Lane, scale: Scale, y: float) -> Iterable[Shape]:
        for each in lane.stretches:
            start, end = max(each.start, scale.start), min(each.end, scale.end)
            if start <= end:
                x = scale.x(start)
                width = round(scale.x(end) - x, 3)
                top, height = (y + BAR / 2 - 2, 4.0) if each.kind == "open" else (y, BAR)
                yield Shape(x, width, top, height, each.kind, each.title, self.anchors.get(each.event))

    def _marks(self, lane: Lane, scale: Scale, y: float) -> Iterable[Shape]:
        for cluster in _clusters(lane.marks, scale):
            x = scale.x(cluster.first.at)
            width = round(scale.x(cluster.last.at) - x, 3)
            number = cluster.kinds.total()
            style = cluster.style + ("" if number == 1 else " many")
            top, height = _PLACES.get(cluster.style, (0.0, BAR))
            anchor = self.anchors.get(cluster.first.event)
            yield Shape(x, width, y + top, height, style, self._title(lane, cluster, number), anchor)

    def _title(self, lane: Lane, cluster: _Cluster, number: int) -> str:
        if number == 1:
            line = self.words.get(cluster.first.event)
            return line or f"{cluster.first.at:.3f}  {lane.label}: {cluster.first.kind}"
        listed = ", ".join(f"{count:,} {kind}" for kind, count in cluster.kinds.most_common())
        return f"{lane.label}: {listed}, from {cluster.first.at:.3f} to {cluster.last.at:.3f} s"


_PLACES: Final = {"up": (0.0, BAR / 2), "down": (BAR / 2, BAR / 2), "in": (3.0, BAR - 6), "step": (3.0, BAR - 6)}
"""The offset and height of a mark in its lane: sent messages above the socket's line, received ones below."""


def heading(lane: Lane) -> str:
    """Return the heading of a lane."""
    if lane.what == "steps":
        return "steps of the scenario"
    if lane.what == LOG:
        return lane.label
    sleeps = sum(each.kind == "asleep" for each in lane.stretches)
    slept = {0: "", 1: ", asleep once"}.get(sleeps, f", asleep {sleeps} times")
    if lane.what != "object":
        return f"{lane.label} — {'socket' if lane.what == 'client' else lane.what}"
    return f"{lane.label}{slept}" if lane.label == "object" else f"{lane.label} — object{slept}"


def _clusters(marks: Iterable[Mark], scale: Scale) -> list[_Cluster]:
    """Return the marks of a lane, with marks of one style within a bin merged."""
    within = (scale.end - scale.start) / scale.bins
    found: list[_Cluster] = []
    current: dict[str, _Cluster] = {}
    for mark in marks:
        if not scale.start <= mark.at <= scale.end:
            continue
        style = CLASS_OF[mark.kind]
        cluster = current.get(style)
        if cluster is None or mark.at - cluster.first.at > within:
            cluster = current[style] = _Cluster(style, mark, mark)
            found.append(cluster)
        cluster.last = mark
        cluster.kinds[mark.kind] += 1
    return found


def _names(timeline: Timeline, scale: Scale) -> list[Text]:
    """Return the names of as many faults as fit without overlap; all are in the titles of the shapes."""
    faults = [Stretch(at, at, "fault", name, event, name) for at, name, event in timeline.faults]
    return _flags(faults, scale, LABEL - 4)


def _flags(stretches: Iterable[Stretch], scale: Scale, y: float) -> list[Text]:
    """Return as many flags above a lane as fit without overlap; all are in the titles of the shapes."""
    found: list[Text] = []
    free = 0.0
    for each in sorted((each for each in stretches if each.flag), key=lambda each: each.start):
        start, end = max(each.start, scale.start), min(each.end, scale.end)
        x = scale.x(start)
        if start > end or x < free:
            continue
        if x >= _HALF:  # right-aligned at the end of the stretch, so it needs room on its left
            side, place = "end", scale.x(end)
            if place - LETTER * len(each.flag) < free:
                continue
        else:
            side, place = "start", x
        found.append(Text(place, y, each.flag, side, each.kind))
        free = place + (LETTER * (len(each.flag) + 1) if side == "start" else 1.0)
    return found


def _side(x: float) -> str:
    return "start" if x < 1 else "end" if x > 99 else "middle"  # noqa: PLR2004 - the edges of the drawing


def _ticks(scale: Scale) -> list[tuple[float, str]]:
    """Return the ticks of the scale with their labels."""
    span = scale.end - scale.start
    rough = span / _TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    digits = max(0, -floor(log10(step)))
    first = -(-scale.start // step)
    moments = [round((first + n) * step, 9) for n in range(_TICKS + 2)]
    return [(at, f"{at:.{digits}f} s") for at in moments if at <= scale.end]


def close_up(timeline: Timeline, bins: int) -> Scale | None:
    """Return the part around the first time out of memory; None if the whole timeline shows it well enough."""
    away = [each for lane in timeline.lanes for each in lane.stretches if each.kind in {"asleep", "gone"}]
    first = min(away, key=lambda each: each.start, default=None)
    if first is None or first.end - first.start > _SMALL * timeline.end:
        return None
    length = max(first.end - first.start, _SHORTEST)
    end = first.end + _AFTER * length
    if timeline.end < end + _AFTER * length:  # the rest is short, so show it too
        end = timeline.end
    return Scale(max(0.0, first.start - length), end, bins)


_SMALL: Final = 0.1
"""Share of a play; a shorter sleep gets a close-up."""

_AFTER: Final = 3.0
"""What a close-up shows after the sleep, in multiples of its length: the wake and the replies."""

_SHORTEST: Final = 0.001
"""Seconds; the least length of a sleep in a close-up, about the time between two lines of the trace."""


KINDS: Final = tuple(CLASS_OF)
"""A mark's kind is its index in this tuple."""

_MICROSECONDS: Final = 1e6


def data_of(timeline: Timeline, close: Scale | None) -> str:
    """Return the timeline as JSON, with times in microseconds; times and event ids of marks are delta-encoded.

    `close` is the part that the close-up shows.
    """
    return embedded(
        {
            "close": None if close is None else [_micro(close.start), _micro(close.end)],
            "end": _micro(timeline.end),
            "kinds": [[kind, CLASS_OF[kind]] for kind in KINDS],
            "lanes": [_lane(lane) for lane in timeline.lanes],
            "faults": [[_micro(at), name, event] for at, name, event in timeline.faults],
        }
    )


def _lane(lane: Lane) -> dict[str, object]:
    marks: list[int] = []
    at, event = 0, 0
    for mark in lane.marks:
        now = _micro(mark.at)
        marks += [now - at, KINDS.index(mark.kind), mark.event - event]
        at, event = now, mark.event
    stretches = [
        [_micro(each.start), _micro(each.end), each.kind, each.title, each.event, each.flag] for each in lane.stretches
    ]
    return {"label": lane.label, "heading": heading(lane), "stretches": stretches, "marks": marks}


def _micro(seconds: float) -> int:
    return round(seconds * _MICROSECONDS)
