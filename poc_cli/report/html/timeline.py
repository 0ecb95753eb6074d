"""The timeline of a play: when objects were in memory and clients connected, on the client's clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.inert import inert
from poc_cli.record.source_lines import pins_of, pins_words

_NS: Final = 1e9

_PINGS: Final = frozenset({"ping", "pong"})
"""Texts of common auto-responses, in lower case; they are drawn hollow."""

_BESIDE: Final = frozenset({"origin", "worker"})
"""The actors of an app server, and of code of the worker outside of the story's objects."""

LONGEST_LABEL: Final = 48
"""Characters of a text in a drawing, where text does not wrap; the tooltip has more."""

_FAULTS: Final = {
    "crash": "runtime killed",
    "server": "runtime restarted",
    "deploy": "redeployed",
    "deploy-deferred": "a deferred version deployed",
    "object": "aborted with its sockets",
    "drop": "connection dropped",
}


LOG: Final = "log"
"""What the lane of console lines and exceptions is."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a lane, in seconds since the play's start; `flag` is drawn above it, `title` is its tooltip."""

    start: float
    end: float
    kind: str
    title: str
    event: int
    flag: str = ""


class Mark(NamedTuple):
    """Something that happened at one time. A tuple, because there are as many as events."""

    at: float
    kind: str
    event: int


@dataclass(slots=True)
class Lane:
    """One object, client, page or program, the app server, or the steps of the story."""

    label: str
    what: str
    stretches: list[Stretch] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    since: Event | None = None


@dataclass(slots=True)
class Timeline:
    """The lanes of a play and the faults that it injected."""

    end: float
    lanes: list[Lane]
    faults: list[tuple[float, str, int]]


def timeline_of(events: Sequence[Event]) -> Timeline:
    """Return the timeline of a play; its first event is its start."""
    return _TimelineBuilder(events).timeline()


def numbers(data: dict[str, Any], *names: str) -> tuple[int, ...] | None:
    """Return some fields of an event as integers, None if one is not an integer."""
    found = tuple(data.get(name) for name in names)
    return found if all(type(value) is int for value in found) else None  # type: ignore[return-value]


class _TimelineBuilder:
    """Builds the timeline from the events of one play, in order."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events
        self._origin = events[0].t_ns
        self._lanes: dict[str, Lane] = {"poc": Lane("steps", "steps")}
        self._faults: list[tuple[float, str, int]] = []
        self._is_over = False
        self._handlers: dict[str, Callable[[Lane, Event], None]] = {
            kinds.ENTERED: self._entered,
            kinds.LEFT: self._left,
            kinds.AWAKE: self._pinned,
            kinds.REFUSED: self._pinned,
            kinds.DELIVERED: lambda lane, event: self._mark(lane, event, "delivered"),
            kinds.OPENED: self._opened,
            kinds.OPEN_FAILED: lambda lane, event: self._mark(lane, event, "failed"),
            kinds.CLOSED: self._closed,
            kinds.SENT: lambda lane, event: self._mark(lane, event, "ping" if _is_ping(event) else "sent"),
            kinds.RECEIVED: lambda lane, event: self._mark(lane, event, "pong" if _is_ping(event) else "received"),
            kinds.FRAME_SENT: self._frame,
            kinds.FRAME_RECEIVED: self._frame,
            kinds.STARTED: self._started,
            kinds.STEP: lambda lane, event: self._mark(lane, event, "step"),
            kinds.STEP_END: self._step_end,
            kinds.FAULT: self._fault,
            kinds.CALLED: lambda lane, event: self._mark(lane, event, "received"),
            kinds.THREW: self._threw,
            kinds.LOGGED: lambda _, event: self._mark(self._log(), event, "logged"),
            kinds.CONSOLE: lambda _, event: self._mark(self._log(), event, "logged"),
            kinds.PAGE_ERROR: lambda _, event: self._mark(self._log(), event, "failed"),
            kinds.SHOWN: lambda lane, event: self._mark(lane, event, "delivered"),
            kinds.EXITED: lambda lane, event: self._mark(lane, event, "broken" if event.data.get("code") else "closed"),
        }

    def timeline(self) -> Timeline:
        for event in self._events:
            self._is_over = self._is_over or event.kind == kinds.PLAY_END
            handle = self._handlers.get(event.kind)
            if handle is not None:
                handle(self._lane(event.actor), event)
        last = self._events[-1]
        for lane in self._lanes.values():
            self._end_state(lane, last)
        lanes = [lane for lane in self._lanes.values() if lane.stretches or lane.marks]
        order = {"steps": 0, "object": 1, "app": 3, LOG: 4}
        in_order = sorted(lanes, key=lambda lane: order.get(lane.what, 2))
        return Timeline(max(self._at(last), 1e-6), in_order, self._faults)

    def _lane(self, actor: str) -> Lane:
        if actor not in self._lanes:
            is_object = actor.startswith("object:")
            label = _short(actor.removeprefix("object:"))
            self._lanes[actor] = Lane(label, "object" if is_object else "app" if actor in _BESIDE else "client")
        return self._lanes[actor]

    def _log(self) -> Lane:
        """Return the lane of what the worker and pages print and throw, whoever of them it is."""
        return self._lanes.setdefault(LOG, Lane("console and exceptions", LOG))

    def _threw(self, lane: Lane, event: Event) -> None:
        """Mark an exception on the lane of its object and on that of all."""
        self._mark(lane, event, "failed")
        self._mark(self._log(), event, "failed")

    def _at(self, event: Event) -> float:
        return (event.t_ns - self._origin) / _NS

    def _mark(self, lane: Lane, event: Event, kind: str) -> None:
        lane.marks.append(Mark(self._at(event), kind, event.id))

    def _entered(self, lane: Lane, event: Event) -> None:
        self._end_state(lane, event)
        lane.since = event

    def _left(self, lane: Lane, event: Event) -> None:
        self._end_state(lane, event)
        lane.since = event

    def _opened(self, lane: Lane, event: Event) -> None:
        self._end_state(lane, event)
        lane.since = event
        if "socket" in event.data and lane.what == "client":
            lane.what = "page"  # programs number their sockets too, but they were started before
        self._mark(lane, event, "opened")

    def _started(self, lane: Lane, _: Event) -> None:
        lane.what = "program"

    def _frame(self, lane: Lane, event: Event) -> None:
        """Mark a keep-alive of a program; its output lines show its other frames."""
        if _is_ping(event):
            self._mark(lane, event, "ping" if event.kind == kinds.FRAME_SENT else "pong")

    def _closed(self, lane: Lane, event: Event) -> None:
        """Mark the end of a connection; where poc itself ends a play or closes a page it is not a broken one."""
        self._end_state(lane, event)
        by_poc = self._is_over or (lane.what == "page" and event.data.get("by") == "client")
        self._mark(lane, event, "closed" if event.data.get("clean") or by_poc else "broken")

    def _step_end(self, lane: Lane, event: Event) -> None:
        if not event.data.get("ok"):
            self._mark(lane, event, "failed")

    def _fault(self, lane: Lane, event: Event) -> None:
        fault = str(event.data.get("fault"))
        text = _FAULTS.get(fault, fault)
        name = f"{lane.label}: {text}" if lane.what != "steps" else text
        self._faults.append((self._at(event), _short(name), event.id))

    def _pinned(self, lane: Lane, event: Event) -> None:
        listed = pins_of(event.data)
        pins_text = pins_words(listed)
        since = self._at(lane.since) if lane.since is not None else 0.0
        now = self._at(event)
        # The ages of pins are on the runtime's clock, which runs at the same rate as the client's.
        both = [numbers({"now": event.data.get("at_ns"), "then": pin.get("at_ns")}, "now", "then") for pin in listed]
        ages = [times[0] - times[1] for times in both if times is not None]
        start = max(since, now - max(ages) / _NS) if ages else since
        title = inert(f"pinned by {pins_text}, still in memory at {now:.3f} s")
        lane.stretches.append(Stretch(start, now, "pinned", title, event.id, _short(f"pinned by {pins_text}")))

    def _end_state(self, lane: Lane, event: Event) -> None:
        """End the current state of a lane."""
        since, lane.since = lane.since, None
        if since is None:
            return
        start, end = self._at(since), self._at(event)
        kind, title, flag = _state(since, event)
        whole = f"{title}, from {start:.3f} to {end:.3f} s"
        # Pinned stretches are drawn over the stay, not under it.
        over = (n for n, each in enumerate(lane.stretches) if each.kind == "pinned" and each.start >= start)
        place = next(over, None)
        stretch = Stretch(start, end, kind, inert(whole), since.id, flag)
        lane.stretches.insert(len(lane.stretches) if place is None else place, stretch)


def _short(text: str) -> str:
    return inert(text if len(text) <= LONGEST_LABEL else f"{text[:LONGEST_LABEL]}…")


def _state(since: Event, until: Event) -> tuple[str, str, str]:
    """Return the state of a lane since an event: its kind, its title and its flag."""
    if since.kind == kinds.OPENED:
        return "open", f"{since.actor} connected", ""
    if since.kind == kinds.ENTERED:
        return "memory", "in memory", ""
    how = since.data.get("how")
    if how not in {"idle", "evict"}:
        return "gone", "out of memory, not asleep", "out of memory"
    both = numbers({"back": until.data.get("at_ns"), "left": since.data.get("at_ns")}, "back", "left")
    # Another process has another clock.
    same = since.data.get("process") == until.data.get("process")
    if until.kind == kinds.ENTERED and same and both is not None:
        lasted = (both[0] - both[1]) / _NS
        return "asleep", f"asleep for {lasted:.3f} s of the runtime's clock", f"asleep {lasted:.3f} s"
    return "asleep", "asleep, and not woken in this play", "asleep"


def _is_ping(event: Event) -> bool:
    text = event.data.get("text")
    return isinstance(text, str) and text.lower() in _PINGS


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
