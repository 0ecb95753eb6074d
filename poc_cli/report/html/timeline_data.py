"""A timeline as data for the script of the page, which redraws it when it is zoomed."""

from typing import Final

from poc_cli.report.html.drawing import CLASS_OF, Scale, heading
from poc_cli.report.html.safe import embedded
from poc_cli.report.html.timeline import Lane, Timeline

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
