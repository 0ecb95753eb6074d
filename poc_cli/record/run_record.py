"""A run as recorded: its plays, and the events that belong to none of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.history.late_stretch import Stretch, stretches_of
from poc_cli.record.attempts import joined
from poc_cli.record.lateness import concerning
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.stay_end import with_how
from poc_cli.record.validation import damage_of, edited, flaw
from poc_cli.residency.sleep_onset import Canary


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A scenario that the target could not play."""

    scenario: str
    title: str
    file: str
    reason: str


@dataclass(slots=True)
class RunRecord:
    """A run as recorded."""

    start: dict[str, Any] = field(default_factory=dict)
    end: Event | None = None
    plays: list[PlayRecord] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    confirmed: list[Event] = field(default_factory=list)
    """The `confirmed` events: stories whose claims are known not to depend on module state without another play."""

    canaries: tuple[Canary, ...] = ()
    round_trips: list[float] = field(default_factory=list)
    damage: str | None = None

    @property
    def repeat(self) -> int:
        """Return how many times each story should have been played."""
        number = self.start.get("repeat")
        return number if isinstance(number, int) else 1

    @property
    def flaw(self) -> str | None:
        """Return what is wrong with the record as a whole: damage, or a missing end. None if nothing is."""
        return self.damage or ("the record breaks off" if self.end is None else None)


def record(events: list[Event | None]) -> RunRecord:
    """Return the run that a history records. If the history is damaged, every play in it is an error."""
    events = with_how(events)
    damage = damage_of(events)
    run = RunRecord(damage=damage)
    starts: dict[str, Event] = {}
    ends: dict[str, Event] = {}
    inside: dict[str, list[Event]] = {}
    for event in events:
        if event is None or (damage is not None and flaw(event) is not None):
            continue
        match event.kind:
            case kinds.RUN_START:
                run.start = event.data
            case kinds.RUN_END:
                run.end = event
            case kinds.LEFT_OUT:
                data = event.data
                run.left_out.append(LeftOut(data["scenario"], data["title"], data["file"], data["reason"]))
            case kinds.PULSE:
                run.round_trips += event.data["round_trip_ms"]
            case kinds.PLAY_START:
                starts[event.play] = event
                inside[event.play] = []
            case kinds.PLAY_END:
                ends.setdefault(event.play, event)
            case _ if event.play in inside and event.play not in ends:
                inside[event.play].append(event)
    run.confirmed = [each for each in events if each is not None and each.kind == kinds.CONFIRMED and not flaw(each)]
    run.canaries = tuple(_canaries(events))
    late = tuple(stretches_of(events))
    run.plays = joined(
        PlayRecord(
            label,
            start,
            tuple(inside[label]),
            ends.get(label),
            damage or edited(start),
            run.canaries,
            _late_for(late, start, inside[label], ends.get(label)),
        )
        for label, start in starts.items()
    )
    return run


def _late_for(late: tuple[Stretch, ...], start: Event, events: list[Event], end: Event | None) -> tuple[Stretch, ...]:
    last = end or (events[-1] if events else start)
    return concerning(late, start, events, last.t_ns)


def _canaries(events: list[Event | None]) -> Iterator[Canary]:
    for event in events:
        if event is not None and event.kind == kinds.SENTINEL and "failed" not in event.data and flaw(event) is None:
            data = event.data
            times = data["left_alone_s"], data["silent_ms"], data["answer_ms"]
            yield Canary(*times, tuple(data["before"]), tuple(data["after"]))
