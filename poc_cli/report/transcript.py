"""Transcripts of plays in the order of the history: steps, sleeps, closes and, on request, every message."""

import re
from collections.abc import Iterable
from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.inert import inert
from poc_cli.record.closings import closing_of
from poc_cli.record.self_ended import is_at_blocking_limit
from poc_cli.record.source_lines import (
    AT_BLOCKING_LIMIT,
    pins_of,
    pins_words,
    place_words,
    refused_words,
    threw_words,
)
from poc_cli.report import black_box_notes
from poc_cli.report.black_box_notes import LineOf
from poc_cli.report.styled import Line, span
from poc_cli.scenario.plays import CONFIRM

LONGEST_MESSAGE: Final = 160
"""Characters shown of a message: two lines of a terminal. The history has more."""

LONGEST_STEP: Final = 100
"""Characters of a step's line; with the time and the line number it fits into 120 columns."""

_COMMENT: Final = re.compile(r"""\s#[^"']*$""")

_SECONDS = 1e9

_NOTE: Final = "cyan"
_FAILED: Final = "bold red"
_OUTCOMES: Final = {"done": "green", "stopped": "yellow", "error": "bold magenta", "interrupted": "bold magenta"}

_AGENTS: Final = {"browser": "a page", "worker": "the worker"}

_UNEVICTED: Final = {
    "not_running": "not evicted, because it was not in memory",
    "busy": "not evicted, because the runtime refused",
    "no_answer": "no reply to the evict",
}


def transcript(events: Iterable[Event | None], *, messages: bool) -> list[Line]:
    """Return the transcript of each play below its heading; `messages` adds every frame.

    Times are seconds since the play's start on the client's clock; durations of sleeps are on the runtime's.
    """
    plays: dict[str, list[Event]] = {}
    found: list[Line] = []
    for number, event in enumerate(events, start=1):
        if event is None:
            found.append([span(f"line {number} of the history cannot be read", _FAILED)])
        elif event.kind == kinds.LEFT_OUT:
            found.append([span(f"{event.data.get('scenario')} was left out: {event.data.get('reason')}", "yellow")])
        elif event.kind not in kinds.OF_THE_RUN:
            plays.setdefault(event.play, []).append(event)
    for label, inside in plays.items():
        found += [[], *PlayTranscript(label, inside, messages=messages).lines()]
    return found[1:] if found and not found[0] else found


class PlayTranscript:
    """The transcript of one play."""

    def __init__(self, label: str, events: list[Event], *, messages: bool) -> None:
        """Initialize with the events of the play, oldest first; there is at least one."""
        self._label = label
        self._events = events
        self._start = events[0]
        self._source = str(self._start.data.get("text", "")).split("\n")
        self._line_of = {
            **_EVENT_LINES,
            **black_box_notes.EVENT_LINES,
            **({**_FRAME_LINES, **black_box_notes.FRAME_LINES} if messages else {}),
        }

    def lines(self) -> list[Line]:
        """Return the heading and a line for each event that has one, up to the end of the play."""
        found = [self.heading()]
        for index, event in enumerate(self._events):
            line = self.line(index)
            found += [] if line is None else [line]
            if event.kind == kinds.PLAY_END:
                return found
        return [*found, [span("          the record breaks off", _FAILED)]]

    def heading(self) -> Line:
        """Return the heading: the play, its role and its file."""
        data = self._start.data
        decides = data.get("decides")
        listed = ", ".join(map(str, decides)) if isinstance(decides, list) else ""
        what = f"control of {listed}, expected {data.get('expect')}" if data.get("role") == "control" else "story"
        what = {"load": "load", CONFIRM: "story with module state reset"}.get(str(data.get("role")), what)
        return [span(self._label, "bold"), span(f"  {what}, {data.get('file')}, play {data.get('nonce')}", "dim")]

    def line(self, index: int) -> Line | None:
        """Return the line of the event at that index, with its time; None if it has none."""
        event = self._events[index]
        at = span(f"{(event.t_ns - self._start.t_ns) / _SECONDS:>8.3f}  ", "dim")
        if event.kind == kinds.STEP:
            return [at, *self._step(event)]
        if event.kind == kinds.ENTERED:
            return [at, span(self._entered(index, event), _NOTE)]
        line_of = self._line_of.get(event.kind)
        line = None if line_of is None else line_of(event)
        return None if line is None else [at, *line]

    def _step(self, event: Event) -> Line:
        number = event.data.get("line")
        known = isinstance(number, int) and 0 < number <= len(self._source)
        text = self._source[number - 1] if isinstance(number, int) and known else str(event.data.get("verb"))
        return [span(f"line {number!s:<4}", "dim"), span(cut(_bare(text), LONGEST_STEP))]

    def _entered(self, index: int, event: Event) -> str:
        earlier = any(each.kind == kinds.ENTERED and each.actor == event.actor for each in self._events[:index])
        later = (each for each in self._events[index + 1 :] if each.actor == event.actor)
        first = next((each for each in later if each.kind in {kinds.DELIVERED, kinds.LEFT}), None)
        woken = f": woken by {first.data.get('name')}" if first is not None and first.kind == kinds.DELIVERED else ""
        return f"-- {_object(event)} back{woken} --" if earlier else f"-- {_object(event)} in memory --"


def cut(text: str, longest: int) -> str:
    """Return the text escaped and cut at `longest` characters; the characters cut are counted."""
    missing = len(text) - longest
    return inert(text) if missing <= 0 else f"{inert(text[:longest])}… ({missing:,} characters more)"


def _bare(line: str) -> str:
    """Return a step's line without its comma, and without a comment unless that could be part of a string."""
    return _COMMENT.sub("", line).strip().removesuffix(",")


def _object(event: Event) -> str:
    return event.actor.removeprefix("object:")


def _idle(data: dict[str, Any]) -> str:
    at, last = data.get("at_ns"), data.get("at_last_event_ns")
    return f"{(at - last) / _SECONDS:.3f} s" if isinstance(at, int) and isinstance(last, int) else "some time"


def _pins(data: dict[str, Any]) -> str:
    return pins_words(pins_of(data))


def _called(event: Event) -> Line:
    data = event.data
    status = "no answer" if data.get("status") is None else str(data.get("status"))
    key = ", without a valid key" if data.get("authorized") is False else ""
    agent = data.get("agent")
    who = f", by {_AGENTS.get(str(agent), agent)}" if agent else ""
    request = f"{inert(str(data.get('method')))} {cut(str(data.get('path')), LONGEST_STEP)}"
    return [span(f"{event.actor} < {request}: {status}{inert(who)}{key}")]


def _left(event: Event) -> Line:
    texts = {
        "idle": f"asleep {_idle(event.data)} after its last event",
        "evict": f"asleep: evicted {_idle(event.data)} after its last event",
        "died": "died with its process",
        "dropped": "left memory, but not by the idle timer or an evict",
    }
    how = str(event.data.get("how"))
    if how == "dropped" and is_at_blocking_limit(event.data):
        texts[how] = f"left memory: {AT_BLOCKING_LIMIT}"
    style = _NOTE if how in {"idle", "evict"} else _FAILED
    return [span(f"-- {_object(event)} {texts.get(how, f'left memory ({how})')} --", style)]


def _awake(event: Event) -> Line:
    message = f"still in memory {_idle(event.data)} after its last event, pinned by {_pins(event.data)}"
    return [span(f"-- {_object(event)} {message} --", "yellow")]


def _refused(event: Event) -> Line:
    return [span(f"-- {_object(event)} not evicted: {refused_words(event.data)} --", "yellow")]


def _evicted(event: Event) -> Line | None:
    outcome, said = str(event.data.get("outcome")), event.data.get("said")
    text = _UNEVICTED.get(outcome, f"the result of the evict was {outcome}")
    if outcome == "evicted":  # its leaving memory has a line of its own
        return None
    return [span(f"-- {_object(event)}: {text}{f': {said}' if said else ''} --", "yellow")]


def _probed(event: Event) -> Line:
    return [span(f"-- {_object(event)} is {event.data.get('found')} --", _NOTE if event.data.get("ok") else _FAILED)]


def _step_end(event: Event) -> Line | None:
    if event.data.get("ok"):
        wake = event.data.get("wake_ms")
        return None if wake is None else [span(f"answered after {wake} ms", "dim")]
    return [span(f"failed ({event.data.get('failure')}): {event.data.get('reason')}", _FAILED)]


def _closed(event: Event) -> Line:
    return [span(f"{event.actor} closed: {closing_of(event.data)}", "" if event.data.get("clean") else _FAILED)]


def _open_failed(event: Event) -> Line:
    return [span(f"{event.actor} could not connect: {event.data.get('said')}", _FAILED)]


def _unread(event: Event) -> Line:
    ids = event.data.get("events")
    listed = cut(", ".join(map(str, ids)), LONGEST_STEP) if isinstance(ids, list) else ""
    return [span(f"{event.actor} never read events {listed}", "yellow")]


def _play_end(event: Event) -> Line:
    outcome = str(event.data.get("outcome"))
    reason = f": {event.data['reason']}" if event.data.get("reason") else ""
    return [span(outcome, _OUTCOMES.get(outcome, _FAILED)), span(reason)]


def _message(event: Event) -> str:
    """Return a recorded message, with its full size if the history has only a part."""
    text = event.data.get("text")
    head = " ".join(str(event.data[key]) for key in ("method", "path", "status") if key in event.data)
    if head:  # an HTTP request or its response
        return cut(f"{head} {text or ''}".strip(), LONGEST_MESSAGE)
    if isinstance(text, str):
        shown = cut(text, LONGEST_MESSAGE)
        return f"{shown} ({event.data.get('bytes')} bytes in total)" if event.data.get("cut") else shown
    return f"{event.data.get('bytes')} bytes {cut(str(event.data.get('hex')), LONGEST_MESSAGE)}"


def _captured(event: Event) -> Line:
    return [span(f"{event.data.get('name')} = {cut(str(event.data.get('value')), LONGEST_MESSAGE)}", "dim")]


def _origin_is(event: Event) -> Line:
    state, later = event.data.get("state"), event.data.get("later_s")
    slow = f"the origin replies {later} s later"
    texts = {"down": "the origin is down", "up": "the origin is up again", "slow": slow}
    return [span(f"-- {texts.get(str(state), state)} --", "yellow")]


def _module_state(event: Event) -> Line:
    def named(key: str) -> str:
        found = event.data.get(key)
        return ", ".join(str(each.get("name")) for each in found) if isinstance(found, list) else ""

    kept = event.data.get("kept")
    if isinstance(kept, list):
        return [span(f"-- pinned; its fields were kept: {inert(', '.join(map(str, kept)))} --", "yellow")]
    if event.data.get("at") == "step":
        labels = ", ".join(map(str, event.data.get("evicted", ())))
        return [span(f"-- evicted too, as it may know what slept: {inert(labels)} --", "yellow")]
    left = f", but not {inert(named('left'))}" if event.data.get("left") else ""
    return [span(f"-- module state reset: {inert(named('changed')) or 'nothing had changed'}{left} --", "yellow")]


def _threw(event: Event) -> Line:
    return [span(f"-- {inert(threw_words(event.data, _whose(event)))}{_ago(event)} --", _FAILED)]


def _logged(event: Event) -> Line:
    text = cut(str(event.data.get("text")), LONGEST_MESSAGE)
    place = inert(place_words(event.data))
    at = f" ({place})" if place else ""
    level = inert(str(event.data.get("level")))
    return [span(f"{_whose(event)} console.{level}: "), span(f"{text}{at}{_ago(event)}")]


def _whose(event: Event) -> str:
    """Return whose exception or line it is: an object by its name in the story, or by its class."""
    named = event.data.get("object_class") or "the Worker"
    return str(named) if event.actor == "worker" else _object(event)


def _ago(event: Event) -> str:
    ago = event.data.get("ago_ms")
    return f" ({ago / 1000:.1f} s before, reported at the end of its event)" if isinstance(ago, int) else ""


def _exited(event: Event) -> Line:
    return [span(f"{event.actor} {event.data.get('said')}", "" if event.data.get("code") == 0 else _FAILED)]


def _output(event: Event) -> Line:
    """Return the line of a program's or a page's output that is not a message."""
    data = event.data
    said = " ".join(str(data[key]) for key in ("method", "path", "said", "text") if data.get(key))
    what = {kinds.STDERR: "stderr", kinds.CONSOLE: f"console {data.get('level')}"}.get(event.kind, "error")
    return [span(f"{event.actor} {inert(what)}: "), span(cut(said, LONGEST_MESSAGE))]


def _shown(event: Event) -> Line:
    data = event.data
    texts = data.get("texts")
    shown = ", ".join(map(str, texts)) if isinstance(texts, list) else str(data.get("text", ""))
    at = f"{data.get('selector')}: " if data.get("selector") else ""
    return [span(f"{event.actor} shows "), span(cut(f"{at}{shown}", LONGEST_MESSAGE))]


def _stage_of_load(data: dict[str, Any]) -> str:
    names = ("opened", "left", "failed", "sent", "came")
    counted = [f"{data.get(name):,} {name}" for name in names if _is_number(data, name)]
    return ", ".join([f"{data.get('verb')} {data.get('how')}".strip(), *counted, inert(str(data.get("outcome")))])


def _is_number(data: dict[str, Any], name: str) -> bool:
    return isinstance(data.get(name), int) and bool(data[name])


def _fates_of_load(data: dict[str, Any]) -> str:
    """Return the fates of the sockets as recorded, cut to the length of a step."""
    fates = [f"{name} {cut(str(value), LONGEST_STEP)}" for name, value in data.items() if value]
    return f"sockets at the end: {', '.join(fates)}"


_EVENT_LINES: Final[dict[str, LineOf]] = {
    kinds.STEP_END: _step_end,
    kinds.LEFT: _left,
    kinds.AWAKE: _awake,
    kinds.REFUSED: _refused,
    kinds.EVICTED: _evicted,
    kinds.PROBED: _probed,
    kinds.CLOSED: _closed,
    kinds.OPEN_FAILED: _open_failed,
    kinds.UNREAD: _unread,
    kinds.PLAY_END: _play_end,
    kinds.EXITED: _exited,
    kinds.PAGE_ERROR: _output,
    kinds.ORIGIN_IS: _origin_is,
    kinds.MODULE_STATE: _module_state,
    kinds.THREW: _threw,
    kinds.FAULT: lambda event: [span(f"-- fault: {event.data.get('fault')} --", "yellow")],
    kinds.LOAD_STAGE: lambda event: [span(_stage_of_load(event.data))],
    kinds.LOAD_FATES: lambda event: [span(_fates_of_load(event.data))],
}

_FRAME_LINES: Final[dict[str, LineOf]] = {
    kinds.OPENED: lambda event: [span(f"{event.actor} open", "dim")],
    kinds.SENT: lambda event: [span(f"{event.actor} > "), span(_message(event))],
    kinds.RECEIVED: lambda event: [span(f"{event.actor} < "), span(_message(event))],
    kinds.CAPTURED: _captured,
    kinds.CALLED: _called,
    kinds.SHOWN: _shown,
    kinds.LOGGED: _logged,
    kinds.STDERR: _output,
    kinds.CONSOLE: _output,
    kinds.REQUEST_FAILED: _output,
}
