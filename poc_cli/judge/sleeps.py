"""Find the sleeps, faults and dropped connections that a play's history proves."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.instances import Slept, instances_of
from poc_cli.record.play_record import Connection, PlayRecord, StepRecord, once
from poc_cli.record.source_lines import pins_of, pins_words
from poc_cli.scenario.model import Hibernate

_MS = 1e6

DEFERRED = "deploy-deferred"
"""The fault that ends no stay by itself: objects get new code once they hibernate."""

_WORKED_ON_MS = 500.0
"""Work that ends this long after the last event delayed the sleep noticeably, so the description says so."""

_FAULT_DESCRIPTIONS = {
    "crash": "lost its memory when the runtime was killed",
    "server": "lost its memory when the runtime was stopped",
    "deploy": "lost its memory when a new version was deployed",
    "deploy-deferred": "took over a new version that had been deployed",
    "object": "lost its memory when it was ended with its sockets",
    "drop": "lost a connection",
}


@dataclass(frozen=True, slots=True)
class Sleep:
    """A sleep of an object, or its loss of memory by a fault; `back` is None if it did not return to memory.

    `idle_ms` and `asleep_ms` are measured by the runtime's clock: from its last event until it left memory, and from
    then until it was back. In a black box both are unknown; there `silent_ms`, by the client's clock, is the time in
    which no message passed between it and any client. The clocks of two machines are never compared.
    """

    label: str
    entered: Event
    left: Event
    back: Event | None
    woken_by: str | None
    sockets: tuple[Connection, ...]
    silent_ms: float | None = None
    answers: tuple[Event, ...] = ()
    """What proves it in a black box: answers of the instances before and after it."""
    steps: frozenset[int] = frozenset()
    """The `hibernate` or `restart` steps that caused it or found the object asleep; none if it came by itself."""

    @property
    def oracle(self) -> str:
        """What proves it: `trace` or `instance`."""
        return "instance" if self.answers else "trace"

    @property
    def way(self) -> str:
        """`idle` or `evict`, or the fault: `crash`, `server`, `deploy`, `object` or `drop`."""
        if self.left.kind == kinds.WAITED:
            return "idle"
        return str(self.left.data["fault" if self.left.kind == kinds.FAULT else "how"])

    @property
    def idle_ms(self) -> float | None:
        """The milliseconds from the object's last event until it left memory, None if that was not observed."""
        if "at_ns" not in self.left.data:
            return None
        return float(self.left.data["at_ns"] - self.left.data["at_last_event_ns"]) / _MS

    @property
    def asleep_ms(self) -> float | None:
        """The milliseconds that it was out of memory, None if it did not return."""
        if self.back is None or "at_ns" not in self.back.data or "at_ns" not in self.left.data:
            return None
        return float(self.back.data["at_ns"] - self.left.data["at_ns"]) / _MS

    @property
    def evidence(self) -> tuple[int, ...]:
        """The ids of the events that prove it."""
        found = {event.id for event in (self.entered, self.left, self.back, *self.answers) if event is not None}
        return tuple(sorted(found))

    @property
    def description(self) -> str:
        """A phrase for sentences, such as `left memory 10.001 s after its last event`."""
        if self.left.kind == kinds.FAULT:
            return _FAULT_DESCRIPTIONS[self.way]
        if self.silent_ms is not None:
            return (
                f"answered with another instance after {self.silent_ms / 1000:.1f} s in which no client sent anything"
            )
        if self.way == "evict":
            return "left memory when it was evicted"
        idle_ms = self.idle_ms or 0.0
        message = f"left memory {idle_ms / 1000:.3f} s after its last event"
        rested = float(self.left.data["at_ns"] - self.left.data["at_last_activity_ns"]) / _MS
        if idle_ms - rested < _WORKED_ON_MS:
            return message
        return f"{message}, {rested / 1000:.3f} s after its last work"


@once
def sleeps_of(play: PlayRecord) -> tuple[Sleep, ...]:
    """Return every proven sleep of the play's objects, in order, with the sockets that were open when it began."""
    if not play.place.has_trace:
        found = [_by_instance(each) for label in play.play.objects for each in instances_of(play, label).slept]
        return tuple(sorted(found, key=lambda sleep: sleep.left.id))
    hibernates = play.steps_of_verb("hibernate")
    found = [sleep for label in play.play.objects for sleep in _by_trace(play, label, hibernates)]
    return tuple(sorted(found, key=lambda sleep: sleep.left.id))


def _by_trace(play: PlayRecord, label: str, hibernates: Sequence[StepRecord]) -> Iterator[Sleep]:
    mine = play.of_actor(f"object:{label}")
    entered: Event | None = None
    for index, event in enumerate(mine):
        if event.kind == kinds.ENTERED:
            entered = event
        if event.kind != kinds.LEFT or event.data["how"] not in {"idle", "evict"}:
            continue
        if entered is None or _stay(entered) != _stay(event):
            continue
        back = next((later for later in _from(mine, index) if later.kind == kinds.ENTERED), None)
        sockets = tuple(each for each in play.connections if each.is_open_at(event.id) and play.belongs(each, label))
        steps = frozenset(
            each.index for each in _around(hibernates, event, back) if _is_caused_by(play, each, label, event, back)
        )
        yield Sleep(label, entered, event, back, _woken_by(mine, back), sockets, steps=steps)


def _around(hibernates: Sequence[StepRecord], left: Event, back: Event | None) -> Iterator[StepRecord]:
    """Yield the steps that had not ended when an object left memory and had begun before it was back."""
    first = bisect_right(hibernates, left.id, key=lambda step: step.end_id)
    for place in range(first, len(hibernates)):
        if back is not None and hibernates[place].begun.id > back.id:
            return
        yield hibernates[place]


def _is_caused_by(play: PlayRecord, step: StepRecord, label: str, left: Event, back: Event | None) -> bool:
    """Return whether an object left memory in a `hibernate` step that names it, or was out of it all through it."""
    placed = play.play.steps[step.index].step
    if not isinstance(placed, Hibernate) or not (placed.of is None or label in placed.of):
        return False
    if step.begun.id < left.id < step.end_id:
        return True
    return step.ok and left.id < step.begun.id and (back is None or back.id > step.end_id)


def _by_instance(slept: Slept) -> Sleep:
    change = slept.change
    left = change.waited[0]
    silent, back = change.silent_ms, change.after.event
    steps = frozenset(each.step for each in change.waited if each.step is not None)
    return Sleep(change.label, slept.proof[0], left, back, None, slept.sockets, silent, slept.proof, steps)


@once
def losses_of(play: PlayRecord) -> tuple[Sleep, ...]:
    """Return every time that a fault removed an object from memory, as the trace shows."""
    if not play.place.has_trace:
        return tuple(_losses_by_instance(play))
    found: list[Sleep] = []
    for label in play.play.objects:
        mine = play.of_actor(f"object:{label}")
        stays = [event for event in mine if event.kind == kinds.ENTERED]
        for fault in play.of_kind(kinds.FAULT):
            if fault.data["fault"] == "drop" or fault.actor not in {"poc", f"object:{label}"}:
                continue
            back = next((stay for stay in stays if stay.id > fault.id), None)
            entered = _ended_stay(mine, fault, back)
            if entered is None:
                continue
            sockets = tuple(
                each for each in play.connections if each.is_open_at(fault.id) and play.belongs(each, label)
            )
            steps = frozenset[int]() if fault.step is None else frozenset({fault.step})
            found.append(Sleep(label, entered, fault, back, _woken_by(mine, back), sockets, steps=steps))
    return tuple(sorted(found, key=lambda loss: loss.left.id))


@once
def losses_by_step(play: PlayRecord) -> dict[tuple[str, int], list[Sleep]]:
    """Return every proven sleep, fault and dropped connection by its object and step."""
    found: dict[tuple[str, int], list[Sleep]] = {}
    for loss in (*sleeps_of(play), *losses_of(play), *drops_of(play)):
        for index in loss.steps:
            found.setdefault((loss.label, index), []).append(loss)
    return found


@once
def drops_of(play: PlayRecord) -> tuple[Sleep, ...]:
    """Return every connection that the story dropped, once for each object that it may have led to.

    A dropped connection does not end the object's stay in memory.
    """
    found = []
    for fault in play.of_kind(kinds.FAULT):
        if fault.data["fault"] != "drop":
            continue
        dropped = [each for each in play.connections if each.client == fault.actor and each.is_open_at(fault.id)]
        steps = frozenset[int]() if fault.step is None else frozenset({fault.step})
        for label in play.play.objects:
            sockets = tuple(each for each in dropped if play.belongs(each, label))
            if sockets:
                found.append(Sleep(label, fault, fault, None, None, sockets, steps=steps))
    return tuple(found)


def _losses_by_instance(play: PlayRecord) -> Iterator[Sleep]:
    """Yield each fault that lies between two answers of an object with different instance ids."""
    for fault in play.of_kind(kinds.FAULT):
        for label in play.play.objects:
            if fault.data["fault"] == "drop" or fault.actor not in {"poc", f"object:{label}"}:
                continue
            instances = instances_of(play, label)
            # A deferred update takes effect later, once the object has hibernated or its time is up.
            deferred = fault.data["fault"] == DEFERRED
            later = (each for each in instances.changes if fault.id < each.after.event.id)
            change = next((each for each in later if deferred or each.before.event.id < fault.id), None)
            if change is None or instances.unsteady is not None:
                continue
            sockets = tuple(
                each for each in play.connections if each.is_open_at(fault.id) and play.belongs(each, label)
            )
            answers = change.before.event, change.after.event
            steps = frozenset[int]() if fault.step is None else frozenset({fault.step})
            yield Sleep(label, answers[0], fault, answers[1], None, sockets, answers=answers, steps=steps)


def _ended_stay(events: Sequence[Event], fault: Event, back: Event | None) -> Event | None:
    """Return the start of the stay that a fault ended by the trace, None if it ended none."""
    for index, event in enumerate(events):
        ended = event.kind == kinds.LEFT and event.data["how"] == "died" and event.id > fault.id
        if ended and (back is None or event.id < back.id):
            return _start_of_stay(events, index)
    return None


def _from(events: Sequence[Event], first: int) -> Iterator[Event]:
    return (events[place] for place in range(first, len(events)))


def _start_of_stay(events: Sequence[Event], left: int) -> Event | None:
    """Return the start of the stay that the event at this position ended."""
    for place in range(left - 1, -1, -1):
        if events[place].kind == kinds.ENTERED:
            return events[place] if _stay(events[place]) == _stay(events[left]) else None
    return None


def _stay(event: Event) -> tuple[object, object]:
    """Return the key of a stay in memory."""
    return event.data["process"], event.data["ctx"]


def _woken_by(events: Sequence[Event], back: Event | None) -> str | None:
    if back is None:
        return None
    later = bisect_right(events, back.id, key=lambda event: event.id)
    first = next((event for event in _from(events, later) if event.kind == kinds.DELIVERED), None)
    return None if first is None else str(first.data["name"])


def fault_after(play: PlayRecord, sleep: Sleep, before: int) -> Event | None:
    """Return the first event after a sleep, up to `before`, by which the object left memory other than by a sleep.

    In a black box that is a fault, or the first answer of an instance that no sleep explains.
    """
    changed = None if play.place.has_trace else _changed_after(play, sleep, before)
    if changed is not None:
        return changed
    for event in play.between(sleep.left.id, before + 1, kinds.LEFT, kinds.FAULT):
        if event.data.get("fault") in {"drop", DEFERRED}:
            continue
        mine = event.kind == kinds.FAULT or event.actor == f"object:{sleep.label}"
        if sleep.left.kind == kinds.FAULT and event.data.get("how") == "died":
            continue  # the same fault, as the trace shows it
        if mine and event.data.get("how") not in {"idle", "evict"}:
            return event
    return None


def _changed_after(play: PlayRecord, sleep: Sleep, before: int) -> Event | None:
    instances = instances_of(play, sleep.label)
    known = {each.change.after.event.id for each in instances.slept} | {None if sleep.back is None else sleep.back.id}
    first = sleep.left.id if sleep.back is None else sleep.back.id
    answers = (change.after.event for change in instances.changes)
    return next((each for each in answers if first < each.id <= before and each.id not in known), None)


def describe_pins(event: Event) -> str:
    """Return the pins that an event lists, for a sentence."""
    return pins_words(pins_of(event.data))
