"""Many lanes as few: clients of one name become one lane, and what is left over is counted."""

from collections.abc import Callable, Sequence
from typing import Final

from poc_cli.report.html.timeline import Lane, Stretch, Timeline

MOST_LANES: Final = 28
"""Of one drawing: about what a screen shows at once."""


def gathered(timeline: Timeline) -> Timeline:
    """Return the timeline with at most 28 lanes: clients of one name are merged first, then all."""
    lanes = timeline.lanes
    if len(lanes) <= MOST_LANES:
        return timeline
    lanes = _together(lanes, lambda lane: lane.label.rsplit(".", 1)[0])
    if len(lanes) > MOST_LANES:
        lanes = _together(lanes, lambda lane: f"{lane.what}s")
    return Timeline(timeline.end, lanes, timeline.faults)


def _together(lanes: Sequence[Lane], name: Callable[[Lane], str]) -> list[Lane]:
    groups: dict[tuple[str, str], list[Lane]] = {}
    for lane in lanes:
        groups.setdefault((lane.what, lane.label if lane.what == "steps" else name(lane)), []).append(lane)
    return [each[0] if len(each) == 1 else _one(label, each) for (_, label), each in groups.items()]


def _one(label: str, lanes: Sequence[Lane]) -> Lane:
    """Return one lane for many: where any of them was asleep shows over where any was in memory."""
    order = {"open": 0, "memory": 0, "gone": 1, "asleep": 2, "pinned": 3}
    stretches: list[Stretch] = []
    for kind in sorted({each.kind for lane in lanes for each in lane.stretches}, key=lambda kind: order[kind]):
        mine = sorted(
            (each for lane in lanes for each in lane.stretches if each.kind == kind), key=lambda each: each.start
        )
        stretches += _union(mine, kind, label)
    marks = sorted((mark for lane in lanes for mark in lane.marks), key=lambda mark: mark.at)
    return Lane(f"{label} ({len(lanes):,})", lanes[0].what, stretches, marks)


def _union(stretches: Sequence[Stretch], kind: str, label: str) -> list[Stretch]:
    found: list[list[Stretch]] = []
    end = 0.0
    for each in stretches:
        if found and each.start <= end:
            found[-1].append(each)
            end = max(end, each.end)
        else:
            found.append([each])
            end = each.end
    return [_merged(group, kind, label) for group in found]


def _merged(group: Sequence[Stretch], kind: str, label: str) -> Stretch:
    if len(group) == 1:
        return group[0]
    start, end = group[0].start, max(each.end for each in group)
    told = {"memory": "in memory", "open": "connected", "gone": "out of memory"}.get(kind, kind)
    title = f"{label}: {len(group):,} stays {told}, between {start:.3f} and {end:.3f} s"
    return Stretch(start, end, kind, title, group[0].event, f"{len(group):,} {kind}" if group[0].flag else "")
