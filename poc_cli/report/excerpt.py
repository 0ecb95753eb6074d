"""The lines of the transcript around the evidence of a verdict, and the line of the scenario that it is about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import tomli

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.attempts import round_of
from poc_cli.report.styled import plain
from poc_cli.report.transcript import Teller
from poc_cli.scenario.positions import locate

LONGEST: Final = 14
"""Lines of one excerpt: an exchange, a sleep and the step that failed fit in."""

BEFORE: Final = 2
AFTER: Final = 1
"""Lines around each piece of evidence: the step and the message that led to it, and what came of it."""

GAP: Final = "     …"

_UNREADABLE = (KeyError, TypeError, ValueError, RecursionError)
"""What a recorded scenario raises that was edited after the run."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an event stands: the events of its play, and which of them it is."""

    inside: list[Event]
    index: int

    @property
    def event(self) -> Event:
        """Return the event itself."""
        return self.inside[self.index]


class Excerpts:
    """The history of one run, ready to be quoted."""

    def __init__(self, events: Iterable[Event | None] = ()) -> None:
        """Take the history; without one nothing can be quoted."""
        self._plays: dict[str, list[Event]] = {}
        self._places: dict[int, _Place] = {}
        for event in events:
            if event is None or event.kind in kinds.OF_THE_RUN:
                continue
            inside = self._plays.setdefault(event.play, [])
            inside.append(event)
            self._places.setdefault(event.id, _Place(inside, len(inside) - 1))

    def around(self, evidence: Iterable[int]) -> list[str]:
        """Return the lines around the evidence, at most `LONGEST`, the last ones: there it was decided.

        Where several performances show the same, the first is quoted; it is the one that the reason names.
        """
        places = self._known(evidence)
        if not places:
            return []
        first = min(places, key=lambda place: round_of(place.inside[0])).event.play
        wanted = {index for place in places if place.event.play == first for index in self._near(place)}
        found = self._told(self._plays[first], sorted(wanted))
        return found if len(found) <= LONGEST else [GAP, *found[1 - LONGEST :]]

    def line(self, scenario: str, claim: str, evidence: Iterable[int]) -> int | None:
        """Return the line of the scenario's file: of the step that failed, else of the claim, None for neither."""
        for place in reversed(self._known(evidence)):
            event = place.event
            if event.kind == kinds.STEP_END and not event.data.get("ok"):
                begun = (each for each in place.inside if each.kind == kinds.STEP and each.step == event.step)
                line = next((each.data.get("line") for each in begun), None)
                if isinstance(line, int):
                    return line
        return self._line_of_claim(scenario, claim)

    def _known(self, evidence: Iterable[int]) -> list[_Place]:
        return [self._places[each] for each in sorted(set(evidence)) if each in self._places]

    def _line_of_claim(self, scenario: str, claim: str) -> int | None:
        for inside in self._plays.values():
            start = inside[0].data
            if start.get("scenario") == scenario and isinstance(start.get("text"), str):
                return _line(start["text"], claim)
        return None

    def _near(self, place: _Place) -> list[int]:
        """Return the indexes of the lines around an event that has one; one without stands for those around it."""
        teller = _teller(place.inside)
        back = _told(teller, range(place.index - 1, -1, -1), BEFORE)
        on = _told(teller, range(place.index + 1, len(place.inside)), AFTER)
        own = [place.index] if teller.line(place.index) is not None else []
        return [*back, *own, *on]

    def _told(self, inside: list[Event], indexes: Sequence[int]) -> list[str]:
        teller = _teller(inside)
        found: list[str] = []
        last = None
        for index in indexes:
            if last is not None and _told(teller, range(last + 1, index), 1):
                found.append(GAP)
            line = teller.line(index)
            found += [] if line is None else [_inert(plain(line))]
            last = index
        return found


def _teller(inside: list[Event]) -> Teller:
    return Teller(inside[0].play, inside, messages=True)


def _told(teller: Teller, indexes: Iterable[int], most: int) -> list[int]:
    found: list[int] = []
    for index in indexes:
        if teller.line(index) is not None:
            found.append(index)
            if len(found) == most:
                break
    return found


def _inert(line: str) -> str:
    """Return a line in which a CI's log finds no command: GitHub looks for `##[` anywhere."""
    return line.replace("##[", "# #[")


def _line(text: str, claim: str) -> int | None:
    try:
        claims: Any = tomli.loads(text)["claim"]
        index = next(index for index, each in enumerate(claims) if each["id"] == claim)
        return locate(text).of(("claim", index, "id")).line
    except (*_UNREADABLE, StopIteration):
        return None
