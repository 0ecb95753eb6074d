"""A run as a Chrome trace-event file, which Perfetto's UI and chrome://tracing open.

Each play is a process, each of its lanes a thread: the steps, the objects with their stays, sleeps and pins, and the
clients with their messages. It is made from the history, so that it costs nothing while the run goes on.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.inert import inert
from poc_cli.report.html.timeline import Lane, Stretch, timeline_of
from poc_cli.report.styled import plain
from poc_cli.report.transcript import PlayTranscript

Document = dict[str, Any]

_MICRO: Final = 1e6
_NS_PER_US: Final = 1e3

_NAMES: Final = {"memory": "in memory", "asleep": "asleep", "gone": "out of memory", "pinned": "pinned", "open": "open"}
"""The name of each kind of stretch; Perfetto colors slices by their names."""

_HARNESS: Final = 0
_FIRST_PLAY: Final = 1
"""Process ids: the harness, then the plays in the order of the history."""

_STEPS: Final = "steps"


def perfetto(events: Iterable[Event | None]) -> str:
    """Return the trace of all plays of a history as JSON."""
    plays: dict[str, list[Event]] = {}
    late: list[Event] = []
    for event in events:
        if event is None:
            continue
        if event.kind == kinds.LATE:
            late.append(event)
        elif event.kind not in kinds.OF_THE_RUN:
            plays.setdefault(event.play, []).append(event)
    found = list(_harness(late))
    for process, (label, inside) in enumerate(plays.items(), start=_FIRST_PLAY):
        found += _Play(process, label, inside).events()
    return json.dumps({"displayTimeUnit": "ms", "traceEvents": found}, separators=(",", ":")) + "\n"


def _harness(late: Sequence[Event]) -> Iterator[Document]:
    """Yield the stretches in which poc, a runtime or the machine stood still."""
    if not late:
        return
    yield _named("process_name", _HARNESS, 0, "harness")
    lanes = {who: number for number, who in enumerate(dict.fromkeys(str(each.data.get("who")) for each in late))}
    for who, thread in lanes.items():
        yield _named("thread_name", _HARNESS, thread, f"late: {inert(who)}")
        for start, end in _merged(each for each in late if str(each.data.get("who")) == who):
            times = {"ts": start / _NS_PER_US, "dur": (end - start) / _NS_PER_US}
            yield {"name": "stood still", "ph": "X", "pid": _HARNESS, "tid": thread, **times, "args": {}}


def _merged(late: Iterable[Event]) -> list[tuple[int, int]]:
    """Return the stretches, those that overlap as one: Perfetto drops slices that overlap without nesting."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(_times(late)):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _times(late: Iterable[Event]) -> Iterator[tuple[int, int]]:
    for each in late:
        start, end = each.data.get("from_ns"), each.data.get("to_ns")
        if isinstance(start, int) and isinstance(end, int):
            yield start, end


class _Play:
    """The trace events of one play."""

    def __init__(self, process: int, label: str, events: list[Event]) -> None:
        self._process = process
        self._label = label
        self._events = events
        self._by_id = {event.id: index for index, event in enumerate(events)}
        self._transcript = PlayTranscript(label, events, messages=True)
        self._origin_us = events[0].t_ns / _NS_PER_US

    def events(self) -> Iterator[Document]:
        yield _named("process_name", self._process, 0, inert(self._label))
        yield {"name": "process_sort_index", "ph": "M", "pid": self._process, "args": {"sort_index": self._process}}
        for thread, lane in enumerate(timeline_of(self._events).lanes):
            what = "" if lane.what == lane.label else f" ({lane.what})"
            yield _named("thread_name", self._process, thread, f"{lane.label}{what}")
            if lane.what == _STEPS:
                yield from self._steps(thread)
            else:
                yield from self._lane(thread, lane)
        yield from self._faults()

    def _steps(self, thread: int) -> Iterator[Document]:
        ends = {event.step: event for event in self._events if event.kind == kinds.STEP_END}
        for event in self._events:
            if event.kind == kinds.STEP:
                end = ends.get(event.step)
                until = self._events[-1].t_ns if end is None else end.t_ns
                ok = end is not None and bool(end.data.get("ok"))
                reason = "" if end is None or ok else inert(str(end.data.get("reason")))
                start, claim = event.t_ns / _NS_PER_US, event.data.get("claim")
                more = {"event": event.id, "claim": claim, "ok": ok, "reason": reason}
                yield self._slice(thread, self._words(event), start, until / _NS_PER_US - start, **more)

    def _lane(self, thread: int, lane: Lane) -> Iterator[Document]:
        """Yield the stretches of a lane, longer ones first so that they nest, its wakes and its marks."""
        for each in sorted(lane.stretches, key=lambda each: (each.start, -each.end)):
            start, length = self._at(each.start), (each.end - each.start) * _MICRO
            name = _NAMES.get(each.kind, each.kind)
            yield self._slice(thread, name, start, length, event=each.event, what=each.title)
        for each in lane.stretches:
            woke = self._woke(lane, each)
            if woke is not None:
                yield self._instant(thread, self._words(woke), self._at(each.end), event=woke.id, kind="wake")
        for mark in lane.marks:
            index = self._by_id.get(mark.event)
            name = mark.kind if index is None else self._words(self._events[index]) or mark.kind
            yield self._instant(thread, name, self._at(mark.at), event=mark.event, kind=mark.kind)

    def _woke(self, lane: Lane, asleep: Stretch) -> Event | None:
        """Return the event with which a sleep ended, None for any other stretch."""
        if asleep.kind != "asleep":
            return None
        stays = (each for each in lane.stretches if each.kind == "memory" and each.start >= asleep.end)
        index = next((self._by_id.get(each.event) for each in stays), None)
        return None if index is None else self._events[index]

    def _faults(self) -> Iterator[Document]:
        for event in self._events:
            if event.kind == kinds.FAULT:
                name = f"fault: {inert(str(event.data.get('fault')))}"
                yield self._instant(0, name, event.t_ns / _NS_PER_US, event=event.id, kind="fault") | {"s": "p"}

    def _at(self, seconds: float) -> float:
        return self._origin_us + seconds * _MICRO

    def _words(self, event: Event) -> str:
        """Return the line of an event in the transcript, without its time."""
        line = self._transcript.line(self._by_id[event.id])
        return "" if line is None else plain(line[1:]).strip()

    def _slice(self, thread: int, name: str, at: float, length: float, **more: object) -> Document:
        times = {"ts": round(at, 3), "dur": round(max(0.0, length), 3)}
        return {"name": name, "ph": "X", "pid": self._process, "tid": thread, **times, "args": more}

    def _instant(self, thread: int, name: str, at: float, **more: object) -> Document:
        ts = round(at, 3)
        return {"name": name, "ph": "i", "s": "t", "pid": self._process, "tid": thread, "ts": ts, "args": more}


def _named(what: str, process: int, thread: int, name: str) -> Document:
    return {"name": what, "ph": "M", "pid": process, "tid": thread, "args": {"name": name}}
