"""Stretches the time of a recorded run at one place, as a stall of poc or of the runtime would.

Everything after the place is later. Where a stall of poc would have left an object alone for its ten seconds, it
sleeps; and the lateness is written down as the engine does it. What the worker then said stays what it was: the record
is no evidence from there on, and the judge has to find that out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.lateness import IDLE_TIMER_NS

Who = Literal["poc", "runtime"]

MS: Final = 1_000_000
_TIMES: Final = ("at_ns", "at_last_event_ns", "at_last_activity_ns")
_NEW_CTX: Final = 1_000_000
_EARLY_NS: Final = 100 * MS
"""How much sooner than ten seconds after its last work, as the trace tells it, the timer may strike."""


@dataclass(frozen=True, slots=True)
class Stall:
    """A stall before an event of a run: everything from it on is so much later."""

    before: int
    length_ns: int
    who: Who


def stretched(events: Sequence[Event], stall: Stall) -> list[Event] | None:
    """Return the run with the stall in it; None where an object would have slept before it was evicted."""
    from_ns = events[stall.before].t_ns
    to_ns = from_ns + stall.length_ns
    late = [_later(each, from_ns, stall.length_ns) for each in events[stall.before :]]
    later = [*events[: stall.before], *late]
    told = {"who": stall.who, "from_ns": from_ns, "to_ns": to_ns}
    inserted = {stall.before: [Event(0, "run", to_ns, "poc", kinds.LATE, None, told)]}
    for label in {each.play for each in events if each.kind == kinds.PLAY_START}:
        places = [index for index, each in enumerate(events) if each.play == label]
        _stretch_play(later, [events[index] for index in places], places, stall)
        for actor in {events[index].actor for index in places if events[index].actor.startswith("object:")}:
            moves = _Moves(events, label, actor, stall)
            if stall.who == "poc" and not moves.let_sleep(later, inserted):
                return None
    found: list[Event] = []
    for index, event in enumerate(later):
        found += [*inserted.get(index, ()), event]
    return renumbered(found)


def _later(event: Event, from_ns: int, length_ns: int) -> Event:
    """Return an event so much later, and a stretch of lateness that it tells of."""
    data = event.data
    if event.kind == kinds.LATE:
        data = {**data, **{name: data[name] + length_ns * (data[name] > from_ns) for name in ("from_ns", "to_ns")}}
    return replace(event, t_ns=event.t_ns + length_ns, data=data)


def renumbered(events: Iterable[Event]) -> list[Event]:
    """Return the events numbered from 1 on, and what they say of one another with the new numbers."""
    known = list(events)
    numbers = {each.id: number for number, each in enumerate(known, start=1) if each.id}
    return [replace(each, id=number, data=_pointing(each.data, numbers)) for number, each in enumerate(known, start=1)]


def _pointing(data: dict[str, Any], numbers: dict[int, int]) -> Any:
    found = dict(data)
    if isinstance(found.get("answered"), dict):
        found["answered"] = {who: {**each, "event": numbers[each["event"]]} for who, each in found["answered"].items()}
    if isinstance(found.get("sent"), dict):
        found["sent"] = {who: numbers[each] for who, each in found["sent"].items()}
    if isinstance(found.get("passed_over"), dict):
        found["passed_over"] = {who: [numbers[each] for each in ids] for who, ids in found["passed_over"].items()}
    if isinstance(found.get("events"), list):
        found["events"] = [numbers[each] for each in found["events"]]
    return found


def _stretch_play(later: list[Event], mine: Sequence[Event], places: Sequence[int], stall: Stall) -> None:
    """Shift the runtime's times, and what the engine says of how long things took and how late they were."""
    offsets = [each.t_ns - each.data["at_ns"] for each in mine if each.kind in {kinds.ENTERED, kinds.DELIVERED}]
    cut_at = later[stall.before].t_ns - stall.length_ns - min(offsets, default=0)
    sent: dict[str, int] = {}
    answers = {each.id: place for each, place in zip(mine, places, strict=True)}
    is_late = _is_late(mine, places, stall.before)
    for event, place in zip(mine, places, strict=True):
        data: dict[str, Any] = dict(later[place].data)
        for name in _TIMES:
            if place >= stall.before and isinstance(data.get(name), int) and data[name] > cut_at:
                data[name] += stall.length_ns
        if event.kind == kinds.STEP and event.id in is_late:
            data["late_ms"] = round(data.get("late_ms", 0.0) + stall.length_ns / MS, 3)
        if event.kind == kinds.STEP:
            sent = {}
        if event.kind == kinds.SENT:
            sent.setdefault(event.actor, place)
        if event.kind in {kinds.AWAKE, kinds.PROBED} and "at_last_activity_ns" in data:
            _note_wait(data, event, stall)
        if event.kind == kinds.STEP_END and "answered" in data:
            _note_latency(data, sent, answers, stall)
        later[place] = replace(later[place], data=data)


def _is_late(mine: Sequence[Event], places: Sequence[int], cut: int) -> set[int]:
    """Return the `step` events that begin late: what was due before the stall, and what follows an `idle` that was."""
    found: set[int] = set()
    is_due = False
    for event, place in zip(mine, places, strict=True):
        if event.kind == kinds.STEP:
            if place >= cut and is_due:
                found.add(event.id)
            is_due = event.data["verb"] == "idle" and (place < cut or event.id in found)
        elif event.kind == kinds.STEP_END:
            is_due = is_due or place < cut
    return found


def _note_wait(data: dict[str, Any], event: Event, stall: Stall) -> None:
    """Add the stall to what was watched, as far as it lies in it."""
    is_longer = data["at_ns"] != event.data["at_ns"]
    if is_longer and data["at_last_activity_ns"] == event.data["at_last_activity_ns"]:
        data["late_ms"] = data.get("late_ms", 0.0) + stall.length_ns / MS
        if "watched_ms" in data:
            data["watched_ms"] += round(stall.length_ns / MS)


def _note_latency(data: dict[str, Any], sent: dict[str, int], answers: dict[int, int], stall: Stall) -> None:
    answered = {}
    for client, told in data["answered"].items():
        is_between = client in sent and sent[client] < stall.before <= answers.get(told["event"], -1)
        longer = stall.length_ns if is_between else 0
        answered[client] = {**told, "after_ns": told["after_ns"] + longer}
        if longer and "wake_ms" in data:
            data["wake_ms"] = round(data["wake_ms"] + longer / MS, 3)
    data["answered"] = answered


class _Moves:
    """The comings and goings of one object, around a stall."""

    def __init__(self, events: Sequence[Event], play: str, actor: str, stall: Stall) -> None:
        self._events = events
        self._stall = stall
        mine = [index for index, each in enumerate(events) if (each.play, each.actor) == (play, actor)]
        moves = [index for index in mine if events[index].kind in {kinds.ENTERED, kinds.DELIVERED, kinds.LEFT}]
        self._before = [index for index in moves if index < stall.before]
        self._after = [index for index in moves if index >= stall.before]
        self._is_pinned = any(events[index].data.get("pins") for index in mine)

    def let_sleep(self, later: list[Event], inserted: dict[int, list[Event]]) -> bool:
        """Let the object sleep if nobody speaks to it for ten seconds; return False where it is evicted after that."""
        if not self._before or not self._after or self._is_pinned:
            return True
        last, place = self._events[self._before[-1]], self._after[0]
        following = self._events[place]
        if last.kind == kinds.LEFT or following.kind == kinds.ENTERED:
            return True
        active_ns: int = last.data["at_ns"]
        if following.kind == kinds.LEFT:
            active_ns = max(active_ns, following.data["at_last_activity_ns"])
        strikes_ns = active_ns + IDLE_TIMER_NS
        if later[place].data["at_ns"] <= strikes_ns:
            return True
        if following.kind == kinds.LEFT:
            # The timer strikes when it is due, whoever reads of it late.
            data = {**later[place].data, "at_ns": following.data["at_ns"]}
            later[place] = replace(later[place], data=data)
            return bool(following.data["at_ns"] - active_ns >= IDLE_TIMER_NS - _EARLY_NS)
        self._insert(later, inserted, active_ns, strikes_ns)
        return True

    def _insert(self, later: list[Event], inserted: dict[int, list[Event]], active_ns: int, strikes_ns: int) -> None:
        place = self._after[0]
        back = later[place]
        stay = next(self._events[i] for i in reversed(self._before) if self._events[i].kind == kinds.ENTERED)
        at = {"at_ns": strikes_ns, "at_last_event_ns": active_ns, "at_last_activity_ns": active_ns}
        old = {"process": stay.data["process"], "ctx": stay.data["ctx"]}
        new = {**old, "ctx": _NEW_CTX + place}
        struck_ns = back.t_ns - (back.data["at_ns"] - strikes_ns)
        t_ns = max(self._events[self._stall.before].t_ns + self._stall.length_ns, struck_ns)
        # It leaves before whatever comes after that, and is back right before what woke it.
        leaves = next(i for i in range(self._stall.before, place + 1) if later[i].t_ns >= t_ns)
        left = Event(0, back.play, t_ns, back.actor, kinds.LEFT, later[leaves].step, {"ended": "context", **old, **at})
        entered = Event(
            0, back.play, back.t_ns, back.actor, kinds.ENTERED, back.step, {**new, "at_ns": back.data["at_ns"]}
        )
        inserted.setdefault(leaves, []).append(left)
        inserted.setdefault(place, []).append(entered)
        for index in self._after:
            if self._events[index].kind == kinds.ENTERED:
                return
            if self._events[index].kind == kinds.LEFT:
                later[index] = replace(later[index], data={**later[index].data, "ctx": new["ctx"]})
                return
