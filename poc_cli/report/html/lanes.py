"""Merge the lanes of a large timeline: clients of one name become one lane."""

from collections.abc import Callable, Sequence
from typing import Final

from poc_cli.report.html.timeline import Lane, Stretch, Timeline

MOST_LANES: Final = 28
"""Lanes of one drawing; about as many as a screen shows at once."""


def merge_lanes(timeline: Timeline) -> Timeline:
    """Return the timeline with at most `MOST_LANES` lanes: first clients of one name are merged, then all clients."""
    lanes = timeline.lanes
    if len(lanes) <= MOST_LANES:
        return timeline
    lanes = _grouped(lanes, lambda lane: lane.label.rsplit(".", 1)[0])
    if len(lanes) > MOST_LANES:
        lanes = _grouped(lanes, lambda lane: f"{lane.what}s")
    return Timeline(timeline.end, lanes, timeline.faults)


def _grouped(lanes: Sequence[Lane], name: Callable[[Lane], str]) -> list[Lane]:
    groups: dict[tuple[str, str], list[Lane]] = {}
    for lane in lanes:
        groups.setdefault((lane.what, lane.label if lane.what == "steps" else name(lane)), []).append(lane)
    return [each[0] if len(each) == 1 else _one(label, each) for (_, label), each in groups.items()]


def _one(label: str, lanes: Sequence[Lane]) -> Lane:
    """Return one lane for many; sleeps of any of them are drawn over stays in memory."""
    order = {"open": 0, "memory": 0, "gone": 1, "asleep": 2, "pinned": 3}
    stretches: list[Stretch] = []
    for kind in sorted({each.kind for lane in lanes for each in lane.stretches}, key=lambda kind: order[kind]):
        same_kind = sorted(
            (each for lane in lanes for each in lane.stretches if each.kind == kind), key=lambda each: each.start
        )
        stretches += _union(same_kind, kind, label)
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
    state = {"memory": "in memory", "open": "connected", "gone": "out of memory"}.get(kind, kind)
    title = f"{label}: {len(group):,} stays {state}, between {start:.3f} and {end:.3f} s"
    return Stretch(start, end, kind, title, group[0].event, f"{len(group):,} {kind}" if group[0].flag else "")
