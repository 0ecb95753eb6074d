"""Check that a history is complete: each event has the fields that the judge needs, with the declared types."""

from collections import Counter
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin, is_typeddict

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.history.events import KINDS
from poc_cli.scenario.loader import text_sha256

_JUDGED: Final[dict[str, tuple[str, ...]]] = {
    kinds.LEFT: ("how",),  # computed before this, so it is missing if its inputs are damaged
    kinds.SENTINEL: ("left_alone_s", "silent_ms", "answer_ms", "before", "after"),
}
"""Fields that the judge needs besides the required ones."""


class _Check(NamedTuple):
    """A field that an event must have, and its values."""

    name: str
    types: frozenset[type] | None
    choices: tuple[str, ...]

    def wrong(self, data: dict[str, Any]) -> str | None:
        """Return what is wrong with the field, None if nothing is."""
        if self.name not in data or not (self.types is None or type(data[self.name]) in self.types):
            return f'its "{self.name}" is missing or of another type'
        if self.choices and data[self.name] not in self.choices:
            return f'its "{self.name}" is not one of {", ".join(sorted(self.choices))}'
        return None


@cache
def _checks(kind: str) -> tuple[_Check, ...]:
    """Return the checks for an event of this kind."""
    data = KINDS.get(kind)
    if data is None:
        return ()
    names = (*(name for name in data.declared if name in data.required), *_JUDGED.get(kind, ()))
    return tuple(_Check(name, *_allowed(data.declared[name])) for name in names)


def _allowed(declared: Any) -> tuple[frozenset[type] | None, tuple[str, ...]]:
    """Return the Python types that a declared type has in JSON (None for any), and the strings that it allows."""
    origin = get_origin(declared)
    if declared is Any:
        return None, ()
    if origin is Annotated:
        return _allowed(get_args(declared)[0])
    if origin is Literal:
        return frozenset({str}), get_args(declared)
    if origin in {Union, UnionType}:
        parts = [_allowed(each)[0] for each in get_args(declared)]
        return frozenset().union(*(each for each in parts if each is not None)), ()
    return frozenset({dict if is_typeddict(declared) else origin or declared}), ()


def flaw(event: Event) -> str | None:
    """Return what is wrong with an event, None if nothing is."""
    if event.kind == kinds.SENTINEL and "failed" in event.data:
        return None
    for check in _checks(event.kind):
        wrong = check.wrong(event.data)
        if wrong is not None:
            return wrong
    match event.kind:
        case kinds.SENT | kinds.RECEIVED | kinds.TOLD:
            held = isinstance(event.data.get("text"), str) or isinstance(event.data.get("hex"), str)
            return None if held else "its message is missing"
        case kinds.STEP | kinds.STEP_END:
            return "it has no step" if event.step is None else None
    return None


def damage_of(events: list[Event | None]) -> str | None:
    """Return what is wrong with a history, None if nothing is; a last line that was cut off is allowed."""
    whole = events[:-1] if events and events[-1] is None else events
    for number, event in enumerate(whole, start=1):
        if event is None:
            return f"line {number} of the history cannot be read"
        if event.id != number:
            return f"the history is not complete: event {number} is missing before line {number}"
        wrong = flaw(event)
        if wrong is not None:
            return f"line {number} of the history, {event.kind}, is damaged: {wrong}"
    return _played_twice(events)


def edited(start: Event) -> str | None:
    """Return an error if the scenario text of a play was edited after the run, else None."""
    played = start.data["sha256"]
    found = text_sha256(start.data["text"])
    if found == played:
        return None
    return f"the scenario's text was edited after the run: its sha256 is {found} and should be {played}"


def _played_twice(events: list[Event | None]) -> str | None:
    """Return an error if two plays have the same label, so that their events cannot be told apart, else None."""
    starts = Counter(event.play for event in events if event is not None and event.kind == kinds.PLAY_START)
    again = next((label for label, times in starts.items() if times > 1), None)
    return None if again is None else f'the history holds {starts[again]} plays called "{again}"'
