"""Why an object did not sleep, or when it did: its timeline, what was asked of it, what was pending, what to change."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.sleeps import Sleep, sleeps_of
from poc_cli.record.places import pin_words, pins_of
from poc_cli.record.play_record import PlayRecord
from poc_cli.report import black_box_notes
from poc_cli.report.advice import NOTHING_SEEN, against_events, against_pin
from poc_cli.report.stay_lines import Stay, counted, stays_of, timeline
from poc_cli.report.styled import Line, span

_SECOND: Final = 1e9
_ASKED: Final = frozenset({kinds.EVICTED, kinds.REFUSED, kinds.AWAKE, kinds.PROBED})
_BAD: Final = "yellow"


@dataclass(frozen=True)
class Resident:
    """One object of one play."""

    play: PlayRecord
    label: str

    @cached_property
    def events(self) -> list[Event]:
        """Return what the record says about it."""
        return [event for event in self.play.events if event.actor == f"object:{self.label}"]

    @cached_property
    def stays(self) -> list[Stay]:
        """Return its stays in memory."""
        return stays_of(self.events)

    @cached_property
    def sleeps(self) -> list[Sleep]:
        """Return its proven sleeps."""
        return [sleep for sleep in sleeps_of(self.play) if sleep.label == self.label]

    @cached_property
    def wakeful(self) -> list[Event]:
        """Return where it was asked to sleep and did not: still in memory at the end of a window, or pinned."""
        return [
            event
            for event in self.events
            if event.kind == kinds.AWAKE or (event.kind == kinds.REFUSED and event.data["pins"])
        ]

    @property
    def slept_as_asked(self) -> bool:
        """Whether it slept and was never found awake instead."""
        return bool(self.sleeps) and not self.wakeful


def in_a_line(resident: Resident) -> Line:
    """Return how it went, in one line."""
    return [span(f"{resident.play.label}/{resident.label}", "bold"), span(f"  {_answer(resident)}")]


def explain(resident: Resident) -> list[Line]:
    """Return the whole explanation of one object."""
    play, label = resident.play, resident.label
    reference = play.play.objects[label]
    where = f"  object of class {reference.class_}, {play.start.data['role']} of {play.start.data['file']}"
    found: list[Line] = [[span(f"{play.label}/{label}", "bold"), span(where, "dim")]]
    found.append([span(f"  {_answer(resident)}", "green" if resident.slept_as_asked else _BAD)])
    found += [[], *timeline(resident.stays)] if resident.stays else []
    found += _section("what was asked", _asked(resident))
    found += _section("pending then", _pending(resident))
    found += _section("what to change", _advice(resident))
    if play.outcome != "done":
        found += [[], [span(f"  the play ended early ({play.outcome}): {play.ending}", _BAD)]]
    return found


def _section(title: str, told: list[str]) -> list[Line]:
    return [[], [span(f"  {title}", "bold")], *([span(f"    {each}")] for each in told)] if told else []


def _answer(resident: Resident) -> str:
    if not resident.play.place.has_trace:
        return black_box_notes.answer(resident.play, resident.label)
    times = len(resident.sleeps)
    slept = "" if not times else f"It slept{_times(times)}: it {resident.sleeps[0].told}"
    if resident.wakeful:
        last = resident.wakeful[-1]
        awake = f"did not sleep {_at_line(resident.play, last)}: {_found_awake(resident, last)}"
        return f"{slept}; then it {awake}." if slept else f"It {awake}."
    if slept:
        return slept + "."
    failed = next((step for step in resident.play.steps if step.failure == "wrong_object"), None)
    if not resident.stays:
        return f"It was never in memory{': ' + failed.reason if failed is not None else ''}."
    return f"It did not sleep: {_why_not(resident)}."


def _times(number: int) -> str:
    return "" if number == 1 else f" {number} times, at first"


def _found_awake(resident: Resident, event: Event) -> str:
    if event.kind == kinds.REFUSED:
        return f"it was not evicted, because {_pins(event)} was pending"
    idle = (event.data["at_ns"] - event.data["at_last_event_ns"]) / _SECOND
    if event.data["pins"]:
        return f"{_pins(event)} was still pending {idle:.1f} s after its last event"
    busy = counted(_while_watched(resident, event))
    watched = event.data["watched_ms"] / 1000
    kept = f"kept busy by {busy}" if busy else "with nothing pending that the trace shows"
    return f"it was still in memory after {watched:.1f} s of waiting, {kept}"


def _why_not(resident: Resident) -> str:
    last = resident.stays[-1].left
    if last is not None and last.data["how"] in {"died", "dropped"}:
        return "it left memory, but not to sleep"
    asked = any(placed.step.verb == "hibernate" for placed in resident.play.play.steps)
    if not asked:
        return "nothing asked it to, the scenario has no hibernate step"
    reached = any(step.verb == "hibernate" for step in resident.play.steps)
    return "it was not seen to leave memory" if reached else "the play ended before a hibernate step"


# --- what was asked of it


def _asked(resident: Resident) -> list[str]:
    told = [
        f"{_at_line(resident.play, event)}: {said}"
        for event in resident.events
        if event.kind in _ASKED and (said := _ask(event)) is not None
    ]
    repeated = Counter(told)
    return [each if number == 1 else f"{each} ({number} times)" for each, number in repeated.items()]


def _ask(event: Event) -> str | None:
    data = event.data
    if event.kind == kinds.EVICTED:
        said = f" ({data['said']})" if data.get("said") else ""
        return f"to be evicted: {str(data.get('outcome')).replace('_', ' ')}{said}"
    if event.kind == kinds.PROBED:
        return f"to be {data.get('wanted')}: it is {data.get('found')}"
    if event.kind == kinds.AWAKE:
        return f"to sleep: watched for {data['watched_ms'] / 1000:.1f} s, in vain"
    if data["pins"]:
        return f"to be evicted: not done, {_pins(event)} pending"
    due = data.get("alarm_in_ms")
    return None if due is None else f"to be evicted: not done, its alarm is due in {due / 1000:.1f} s, before it sleeps"


def _at_line(play: PlayRecord, event: Event) -> str:
    step = next((each for each in play.steps if each.index == event.step), None)
    return "outside the steps" if step is None else f"at line {step.begun.data['line']} ({step.verb})"


# --- what was pending, and what to do about it


def _pins(event: Event) -> str:
    return ", ".join(dict.fromkeys(map(pin_words, pins_of(event.data))))


def _pending(resident: Resident) -> list[str]:
    """Return what was pending when it was last found awake: what, where it was begun, and for how long."""
    if not resident.wakeful:
        return []
    event = resident.wakeful[-1]
    longest: dict[str, float | None] = {}
    number: Counter[str] = Counter()
    for pin in pins_of(event.data):
        told = pin_words(pin)
        number[told] += 1
        longest.setdefault(told, _age(event, pin))  # the oldest comes first
    return [
        (f"{number[told]} x " if number[told] > 1 else "") + told + ("" if age is None else f", for {age:.1f} s")
        for told, age in longest.items()
    ]


def _age(event: Event, pin: dict[str, Any]) -> float | None:
    now, since = event.data.get("at_ns"), pin.get("at_ns")
    return (now - since) / _SECOND if isinstance(now, int) and isinstance(since, int) else None


def _advice(resident: Resident) -> list[str]:
    found: dict[str, list[str]] = {}
    for event in resident.wakeful:
        for pin in pins_of(event.data):
            words = against_pin(str(pin.get("kind")), str(pin.get("what")))
            found.setdefault(words, []).append(pin_words(pin))
    told = [f"{', '.join(dict.fromkeys(places))}: {words}" for words, places in found.items()]
    busy = [event for event in resident.wakeful if event.kind == kinds.AWAKE and not event.data["pins"]]
    return told + list(dict.fromkeys(words for event in busy for words in _against_busy(resident, event)))


def _against_busy(resident: Resident, awake: Event) -> list[str]:
    delivered = _while_watched(resident, awake)
    names = dict.fromkeys(str(event.data["name"]) for event in delivered)
    return [f"{against_events(name)}{_how_often(delivered, name)}" for name in names] or [NOTHING_SEEN]


def _while_watched(resident: Resident, awake: Event) -> list[Event]:
    """Return the events that reached it while it was waited for."""
    since = awake.data["at_ns"] - awake.data["watched_ms"] * 1_000_000
    stay = next((stay for stay in reversed(resident.stays) if stay.entered.id < awake.id), None)
    delivered = () if stay is None else stay.delivered
    return [event for event in delivered if event.id < awake.id and event.data["at_ns"] > since]


def _how_often(delivered: list[Event], name: str) -> str:
    times = [event.data["at_ns"] for event in delivered if event.data["name"] == name]
    if len(times) <= 1:
        return ""
    return f" (they came every {(times[-1] - times[0]) / (len(times) - 1) / _SECOND:.1f} s)"
