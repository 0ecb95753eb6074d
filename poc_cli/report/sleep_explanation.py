"""Why an object did not sleep, or when it did: its timeline, hibernate steps, pins, and what to change."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.memory_use import memory_use, use_document
from poc_cli.judge.sleeps import Sleep, sleeps_of
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.source_lines import pin_words, pins_of
from poc_cli.report import black_box_notes
from poc_cli.report.advice import NOTHING_SEEN, advice_on_events, advice_on_pin
from poc_cli.report.object_use import in_words
from poc_cli.report.stay_lines import Stay, counted, stays_of, timeline
from poc_cli.report.styled import Line, span
from poc_cli.residency.on_cloudflare import on_cloudflare

_SECOND: Final = 1e9
_REQUESTS: Final = frozenset({kinds.EVICTED, kinds.REFUSED, kinds.AWAKE, kinds.PROBED})
_TELLING_SECONDS: Final = 1.0
"""A share of less time than this says nothing."""

_BAD: Final = "yellow"


@dataclass(frozen=True)
class ObjectInPlay:
    """One object of one play."""

    play: PlayRecord
    label: str

    @cached_property
    def events(self) -> list[Event]:
        """Return the recorded events about it."""
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
    def found_awake(self) -> list[Event]:
        """Return the events that show that it did not sleep when it should have: still in memory, or pinned."""
        return [
            event
            for event in self.events
            if event.kind == kinds.AWAKE or (event.kind == kinds.REFUSED and event.data["pins"])
        ]

    @property
    def slept_as_asked(self) -> bool:
        """Whether it slept and was never found awake instead."""
        return bool(self.sleeps) and not self.found_awake


def in_a_line(subject: ObjectInPlay) -> Line:
    """Return the result in one line."""
    return [span(f"{subject.play.label}/{subject.label}", "bold"), span(f"  {_answer(subject)}")]


def explain(subject: ObjectInPlay) -> list[Line]:
    """Return the whole explanation of one object."""
    play, label = subject.play, subject.label
    reference = play.play.objects[label]
    where = f"  object of class {reference.class_}, {play.start.data['role']} of {play.start.data['file']}"
    found: list[Line] = [[span(f"{play.label}/{label}", "bold"), span(where, "dim")]]
    found.append([span(f"  {_answer(subject)}", "green" if subject.slept_as_asked else _BAD)])
    use = use_document(memory_use(play, label, None))
    found += [[span(f"  It {in_words(use)}.")]] if use["seconds"] >= _TELLING_SECONDS else []
    found += [[], *timeline(subject.stays)] if subject.stays else []
    found += _section("hibernate steps", _requests(subject))
    found += _section("pending at that time", _pending(subject))
    found += _section("on Cloudflare", _there(subject))
    found += _section("what to change", _advice(subject))
    if play.outcome != "done":
        found += [[], [span(f"  the play ended early ({play.outcome}): {play.ending}", _BAD)]]
    return found


def _section(title: str, texts: list[str]) -> list[Line]:
    return [[], [span(f"  {title}", "bold")], *([span(f"    {each}")] for each in texts)] if texts else []


def _answer(subject: ObjectInPlay) -> str:
    if not subject.play.place.has_trace:
        return black_box_notes.answer(subject.play, subject.label)
    times = len(subject.sleeps)
    slept = "" if not times else f"It slept{_times(times)}: it {subject.sleeps[0].description}"
    if subject.found_awake:
        last = subject.found_awake[-1]
        awake = f"did not sleep {_at_line(subject.play, last)}: {_found_awake(subject, last)}"
        return f"{slept}; then it {awake}." if slept else f"It {awake}."
    if slept:
        return slept + "."
    failed = next((step for step in subject.play.steps if step.failure == "wrong_object"), None)
    if not subject.stays:
        return f"It was never in memory{': ' + failed.reason if failed is not None else ''}."
    return f"It did not sleep: {_why_not(subject)}."


def _times(number: int) -> str:
    return "" if number == 1 else f" {number} times, at first"


def _found_awake(subject: ObjectInPlay, event: Event) -> str:
    if event.kind == kinds.REFUSED:
        return f"it was not evicted, because {_pins(event)} was pending"
    idle = (event.data["at_ns"] - event.data["at_last_event_ns"]) / _SECOND
    if event.data["pins"]:
        return f"{_pins(event)} was still pending {idle:.1f} s after its last event"
    busy = counted(_while_watched(subject, event))
    watched = event.data["watched_ms"] / 1000
    kept = f"kept busy by {busy}" if busy else "with nothing pending that the trace shows"
    return f"it was still in memory after {watched:.1f} s of waiting, {kept}"


def _why_not(subject: ObjectInPlay) -> str:
    last = subject.stays[-1].left
    if last is not None and last.data["how"] in {"died", "dropped"}:
        return "it left memory, but not by a sleep"
    has_step = any(placed.step.verb == "hibernate" for placed in subject.play.play.steps)
    if not has_step:
        return "the scenario has no hibernate step"
    reached = any(step.verb == "hibernate" for step in subject.play.steps)
    return "it was not seen to leave memory" if reached else "the play ended before a hibernate step"


# --- what the play requested of it


def _requests(subject: ObjectInPlay) -> list[str]:
    texts = [
        f"{_at_line(subject.play, event)}: {text}"
        for event in subject.events
        if event.kind in _REQUESTS and (text := _request(event)) is not None
    ]
    repeated = Counter(texts)
    return [each if number == 1 else f"{each} ({number} times)" for each, number in repeated.items()]


def _request(event: Event) -> str | None:
    data = event.data
    if event.kind == kinds.EVICTED:
        said = f" ({data['said']})" if data.get("said") else ""
        return f"to be evicted: {str(data.get('outcome')).replace('_', ' ')}{said}"
    if event.kind == kinds.PROBED:
        return f"to be {data.get('wanted')}: it is {data.get('found')}"
    if event.kind == kinds.AWAKE:
        return f"to sleep: watched for {data['watched_ms'] / 1000:.1f} s, it did not"
    if data["pins"]:
        return f"to be evicted: not done, {_pins(event)} pending"
    due = data.get("alarm_in_ms")
    return None if due is None else f"to be evicted: not done, its alarm is due in {due / 1000:.1f} s, before it sleeps"


def _at_line(play: PlayRecord, event: Event) -> str:
    step = next((each for each in play.steps if each.index == event.step), None)
    return "outside of any step" if step is None else f"at line {step.begun.data['line']} ({step.verb})"


# --- what was pending, and advice


def _pins(event: Event) -> str:
    return ", ".join(dict.fromkeys(map(pin_words, pins_of(event.data))))


def _pending(subject: ObjectInPlay) -> list[str]:
    """Return what was pending when it was last found awake: what, where it was started, and for how long."""
    if not subject.found_awake:
        return []
    event = subject.found_awake[-1]
    longest: dict[str, float | None] = {}
    number: Counter[str] = Counter()
    for pin in pins_of(event.data):
        text = pin_words(pin)
        number[text] += 1
        longest.setdefault(text, _age(event, pin))  # the oldest comes first
    return [
        (f"{number[text]} x " if number[text] > 1 else "") + text + ("" if age is None else f", for {age:.1f} s")
        for text, age in longest.items()
    ]


def _age(event: Event, pin: dict[str, Any]) -> float | None:
    now, since = event.data.get("at_ns"), pin.get("at_ns")
    return (now - since) / _SECOND if isinstance(now, int) and isinstance(since, int) else None


def _there(subject: ObjectInPlay) -> list[str]:
    """Return how long what was pending would last on Cloudflare, with the page that says so."""
    date = (subject.play.start.data.get("target") or {}).get("compatibility_date")
    pins = [pin for event in subject.found_awake for pin in pins_of(event.data)]
    return list(dict.fromkeys(f"{pin_words(pin)} {_lasting(pin, date)}" for pin in pins))


def _lasting(pin: dict[str, Any], date: object) -> str:
    found = on_cloudflare(pin, date if isinstance(date, str) else None)
    return f"{found.says} ({found.source})"


def _advice(subject: ObjectInPlay) -> list[str]:
    found: dict[str, list[str]] = {}
    for event in subject.found_awake:
        for pin in pins_of(event.data):
            advice = advice_on_pin(str(pin.get("kind")), str(pin.get("what")))
            found.setdefault(advice, []).append(pin_words(pin))
    on_pins = [f"{', '.join(dict.fromkeys(places))}: {advice}" for advice, places in found.items()]
    busy = [event for event in subject.found_awake if event.kind == kinds.AWAKE and not event.data["pins"]]
    return on_pins + list(dict.fromkeys(advice for event in busy for advice in _on_busy(subject, event)))


def _on_busy(subject: ObjectInPlay, awake: Event) -> list[str]:
    delivered = _while_watched(subject, awake)
    names = dict.fromkeys(str(event.data["name"]) for event in delivered)
    return [f"{advice_on_events(name)}{_how_often(delivered, name)}" for name in names] or [NOTHING_SEEN]


def _while_watched(subject: ObjectInPlay, awake: Event) -> list[Event]:
    """Return the events that reached it while poc waited for it to sleep."""
    since = awake.data["at_ns"] - awake.data["watched_ms"] * 1_000_000
    stay = next((stay for stay in reversed(subject.stays) if stay.entered.id < awake.id), None)
    delivered = () if stay is None else stay.delivered
    return [event for event in delivered if event.id < awake.id and event.data["at_ns"] > since]


def _how_often(delivered: list[Event], name: str) -> str:
    times = [event.data["at_ns"] for event in delivered if event.data["name"] == name]
    if len(times) <= 1:
        return ""
    return f" (they came every {(times[-1] - times[0]) / (len(times) - 1) / _SECOND:.1f} s)"
