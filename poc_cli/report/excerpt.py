"""Excerpts of the transcript around the evidence of a verdict, and the scenario line that it refers to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import tomli

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.attempts import round_of
from poc_cli.report.styled import plain
from poc_cli.report.transcript import PlayTranscript
from poc_cli.scenario.positions import locate

LONGEST: Final = 14
"""Lines of one excerpt: enough for an exchange, a sleep and the step that failed."""

BEFORE: Final = 2
AFTER: Final = 1
"""Lines of context around each event of evidence: its step and message, and the result."""

GAP: Final = "     …"

_UNREADABLE = (KeyError, TypeError, ValueError, RecursionError)
"""What parsing a recorded scenario raises if it was edited after the run."""


@dataclass(frozen=True, slots=True)
class _Position:
    """The position of an event: the events of its play and its index among them."""

    inside: list[Event]
    index: int

    @property
    def event(self) -> Event:
        """Return the event."""
        return self.inside[self.index]


class Excerpts:
    """Quotes the history of one run."""

    def __init__(self, events: Iterable[Event | None] = ()) -> None:
        """Index the history; without one every excerpt is empty."""
        self._plays: dict[str, list[Event]] = {}
        self._places: dict[int, _Position] = {}
        for event in events:
            if event is None or event.kind in kinds.OF_THE_RUN:
                continue
            inside = self._plays.setdefault(event.play, [])
            inside.append(event)
            self._places.setdefault(event.id, _Position(inside, len(inside) - 1))

    def around(self, evidence: Iterable[int]) -> list[str]:
        """Return the last `LONGEST` lines around the evidence, because the last ones decided the verdict.

        If several attempts of the play show the same, the first is quoted; the reason refers to it.
        """
        places = self._known(evidence)
        if not places:
            return []
        first = min(places, key=lambda place: round_of(place.inside[0])).event.play
        wanted = {index for place in places if place.event.play == first for index in self._near(place)}
        found = self._lines(self._plays[first], sorted(wanted))
        return found if len(found) <= LONGEST else [GAP, *found[1 - LONGEST :]]

    def line(self, scenario: str, claim: str, evidence: Iterable[int]) -> int | None:
        """Return the line in the scenario file: of the step that failed, else of the claim, None for neither."""
        for place in reversed(self._known(evidence)):
            event = place.event
            if event.kind == kinds.STEP_END and not event.data.get("ok"):
                begun = (each for each in place.inside if each.kind == kinds.STEP and each.step == event.step)
                line = next((each.data.get("line") for each in begun), None)
                if isinstance(line, int):
                    return line
        return self._line_of_claim(scenario, claim)

    def _known(self, evidence: Iterable[int]) -> list[_Position]:
        return [self._places[each] for each in sorted(set(evidence)) if each in self._places]

    def _line_of_claim(self, scenario: str, claim: str) -> int | None:
        for inside in self._plays.values():
            start = inside[0].data
            if start.get("scenario") == scenario and isinstance(start.get("text"), str):
                return _line(start["text"], claim)
        return None

    def _near(self, place: _Position) -> list[int]:
        """Return the indexes of the events to show around a position; events without a line are skipped."""
        transcript = _transcript(place.inside)
        before = _visible(transcript, range(place.index - 1, -1, -1), BEFORE)
        after = _visible(transcript, range(place.index + 1, len(place.inside)), AFTER)
        own = [place.index] if transcript.line(place.index) is not None else []
        return [*before, *own, *after]

    def _lines(self, inside: list[Event], indexes: Sequence[int]) -> list[str]:
        transcript = _transcript(inside)
        found: list[str] = []
        last = None
        for index in indexes:
            if last is not None and _visible(transcript, range(last + 1, index), 1):
                found.append(GAP)
            line = transcript.line(index)
            found += [] if line is None else [_inert(plain(line))]
            last = index
        return found


def _transcript(inside: list[Event]) -> PlayTranscript:
    return PlayTranscript(inside[0].play, inside, messages=True)


def _visible(transcript: PlayTranscript, indexes: Iterable[int], most: int) -> list[int]:
    """Return the first indexes, at most `most`, whose events have a line."""
    found: list[int] = []
    for index in indexes:
        if transcript.line(index) is not None:
            found.append(index)
            if len(found) == most:
                break
    return found


def _inert(line: str) -> str:
    """Return a line without commands for a CI log: GitHub looks for `##[` anywhere in a line."""
    return line.replace("##[", "# #[")


def _line(text: str, claim: str) -> int | None:
    try:
        claims: Any = tomli.loads(text)["claim"]
        index = next(index for index, each in enumerate(claims) if each["id"] == claim)
        return locate(text).of(("claim", index, "id")).line
    except (*_UNREADABLE, StopIteration):
        return None
