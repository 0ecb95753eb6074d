"""How much an object is in memory and how often something wakes it, from the trace.

The runtime's clock counts from the start of its process; times are put on the play's clock by the shortest delay
between an event of the trace and its record. Where poc evicted an object, the idle timer might have left it in memory
for longer: `spared_ns` is how much longer, and a share of the time counts only if that makes no difference.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.document_types import ObjectUse
from poc_cli.record.lateness import IDLE_TIMER_NS
from poc_cli.record.play_record import PlayRecord, once
from poc_cli.scenario.check_names import WOKEN_BY

MINUTE_NS: Final = 60_000_000_000


@dataclass(frozen=True, slots=True)
class Wake:
    """An object's coming into memory: when, by what kind of event, and the event of the record."""

    at_ns: int
    by: str
    event: int


@dataclass(frozen=True, slots=True)
class Presence:
    """A time in memory. `until_ns` is None if the object was not seen to leave, `how` how the stay ended.

    `timer_ns` is when the idle timer would have ended a stay that poc ended, or the object was back before.
    """

    wake: Wake
    until_ns: int | None
    timer_ns: int | None
    how: str | None
    is_first: bool
    follows_fault: bool
    left: int | None


@dataclass(frozen=True)
class MemoryUse:
    """The use of memory by one object between two times of a play."""

    label: str
    from_ns: int
    to_ns: int
    presences: tuple[Presence, ...]
    wakes: tuple[Wake, ...]
    late_ns: int
    """How much of the time poc or the runtime was late."""

    @property
    def length_ns(self) -> int:
        """Return the length of the time."""
        return max(0, self.to_ns - self.from_ns)

    @cached_property
    def in_memory_ns(self) -> int:
        """Return for how much of it the object was in memory."""
        return sum(_overlap(each, self.from_ns, self.to_ns) for each in self.presences)

    @cached_property
    def spared_ns(self) -> int:
        """Return for how much longer the object might have been in memory had poc not evicted it in this time."""
        evicted = ((each.until_ns, each.timer_ns) for each in self.presences)
        return sum(
            max(0, min(timer, self.to_ns) - until)
            for until, timer in evicted
            if until is not None and timer is not None and until >= self.from_ns
        )

    @property
    def share(self) -> float:
        """Return the share of the time in memory, with the time that evicts spared; 0 of no time."""
        return (self.in_memory_ns + self.spared_ns) / self.length_ns if self.length_ns else 0.0

    @property
    def slept(self) -> bool:
        """Whether it was asleep at any moment."""
        ended = [each for each in self.presences if each.how in {"idle", "evict"} and each.until_ns is not None]
        return any((each.until_ns or 0) < self.to_ns for each in ended) and self.in_memory_ns < self.length_ns

    @property
    def ended_otherwise(self) -> Presence | None:
        """Return a stay that ended neither by the idle timer nor by an evict, None without one."""
        mine = (each for each in self.presences if each.until_ns is not None and each.until_ns >= self.from_ns)
        return next((each for each in mine if each.how not in {"idle", "evict"}), None)

    def most_wakes(self, within_ns: int) -> tuple[Wake, ...]:
        """Return the most wakes that came within a time of each other."""
        best: tuple[Wake, ...] = ()
        first = 0
        for last in range(len(self.wakes)):
            while self.wakes[last].at_ns - self.wakes[first].at_ns > within_ns:
                first += 1
            if last - first + 1 > len(best):
                best = self.wakes[first : last + 1]
        return best


def memory_use(play: PlayRecord, label: str, window: tuple[int, int] | None, kinds_: Iterable[str] = ()) -> MemoryUse:
    """Return the use of memory between two times of the play, or since the object first came into memory.

    In a window the first stay of an object counts as a wake; of `kinds_`, only wakes by such events are counted.
    """
    presences = presences_of(play).get(label, ())
    last_ns = play.events[-1].t_ns if play.events else play.start.t_ns
    first_ns = presences[0].wake.at_ns if presences else last_ns
    from_ns, to_ns = window or (first_ns, last_ns)
    wanted = frozenset(kinds_) or frozenset(WOKEN_BY)
    wakes = tuple(
        each.wake
        for each in presences
        if from_ns <= each.wake.at_ns <= to_ns
        and not each.follows_fault
        and not (each.is_first and window is None)
        and each.wake.by in wanted
    )
    late_ns = sum(stretch.overlap_ns(from_ns, to_ns) for stretch in play.late)
    return MemoryUse(label, from_ns, to_ns, tuple(presences), wakes, late_ns)


def counted(wakes: Iterable[Wake]) -> str:
    """Return the wakes by kind, for a sentence: `4 x alarm, 1 x rpc`."""
    return ", ".join(f"{number} x {by}" for by, number in Counter(wake.by for wake in wakes).most_common())


def use_document(use: MemoryUse) -> ObjectUse:
    """Return the use of memory as run.json has it."""
    return {
        "object": use.label,
        "seconds": round(use.length_ns / 1e9, 3),
        "in_memory_share": round(use.share, 4),
        "wakes": len(use.wakes),
        "woken_by": dict(Counter(wake.by for wake in use.wakes).most_common()),
        "wakes_a_minute": len(use.most_wakes(MINUTE_NS)),
    }


def _overlap(presence: Presence, from_ns: int, to_ns: int) -> int:
    until_ns = to_ns if presence.until_ns is None else presence.until_ns
    return max(0, min(until_ns, to_ns) - max(presence.wake.at_ns, from_ns))


@once
def presences_of(play: PlayRecord) -> Mapping[str, Sequence[Presence]]:
    """Return the times in memory of each object of a play, oldest first."""
    offsets = _offsets(play.events)
    return {label: _presences(play.of_actor(f"object:{label}"), offsets) for label in play.play.objects}


def _offsets(events: Iterable[Event]) -> dict[int, int]:
    """Return for each process of the runtime what its clock has to be moved by."""
    found: dict[int, int] = {}
    process = 1
    for event in events:
        if not event.actor.startswith("object:") or "at_ns" not in event.data:
            continue
        if event.kind not in {kinds.ENTERED, kinds.DELIVERED, kinds.LEFT}:
            continue
        process = int(event.data.get("process", process))
        delay = event.t_ns - int(event.data["at_ns"])
        found[process] = min(found.get(process, delay), delay)
    return found


def _presences(events: Sequence[Event], offsets: Mapping[int, int]) -> tuple[Presence, ...]:
    found: list[Presence] = []
    entered: Event | None = None
    by = ""
    for event in events:
        if event.kind == kinds.ENTERED:
            if entered is not None:
                _add(found, entered, by, None, offsets)
            entered, by = event, ""
        elif event.kind == kinds.DELIVERED and entered is not None and not by:
            by = WOKEN_BY_TRACE.get(str(event.data["name"]), str(event.data["name"]))
        elif event.kind == kinds.LEFT and entered is not None:
            _add(found, entered, by, event, offsets)
            entered = None
    if entered is not None:
        _add(found, entered, by, None, offsets)
    return tuple(found)


WOKEN_BY_TRACE: Final = {"hibernatable_websocket": "websocket", "jsrpc": "rpc"}
"""The names of a scenario for the trace's names of events, where they differ."""


def _add(found: list[Presence], entered: Event, by: str, left: Event | None, offsets: Mapping[int, int]) -> None:
    offset = offsets[int(entered.data["process"])]
    at_ns = int(entered.data["at_ns"]) + offset
    until_ns = timer_ns = how = None
    if left is not None:
        until_ns, how = int(left.data["at_ns"]) + offset, str(left.data["how"])
        timer_ns = int(left.data["at_last_activity_ns"]) + offset + IDLE_TIMER_NS if how == "evict" else None
    before = found[-1] if found else None
    if before is not None and before.timer_ns is not None:
        found[-1] = replace(before, timer_ns=min(before.timer_ns, at_ns))
    follows_fault = before is not None and before.how not in {"idle", "evict"}
    wake = Wake(at_ns, by or "nothing", entered.id)
    left_id = None if left is None else left.id
    found.append(Presence(wake, until_ns, timer_ns, how, not found, follows_fault, left_id))
