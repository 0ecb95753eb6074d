"""Which plays are the same performance tried again: by what they play and decide, and by the number of the attempt.

Nothing that an attempt found is forgotten: up to where it stopped being evidence it counts beside the later ones.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from poc_cli.history.event import Event
from poc_cli.record.lateness import Cut

if TYPE_CHECKING:
    from poc_cli.record.play_record import PlayRecord

CUT_STEP: Final = "cut_step"
"""The key of a `play_end` that was given up: the step from which on nothing counts. Older records do not have it."""


def round_of(start: Event) -> int:
    """Return the performance of its story that a play is, counted from 1; older records have one of each."""
    return _number(start, "round")


def is_followed(start: Event, end: Event | None, starts: Iterable[Event]) -> bool:
    """Return whether a play was spoiled and played again; without the next attempt in the record it counts."""
    if end is None or end.data.get("outcome") != "given_up":
        return False
    return any(_subject(other) == _subject(start) and attempt_of(other) > attempt_of(start) for other in starts)


SUSPECT: Final = "suspect"
"""The key of a `play_end` that says that the runtime hung or died by itself while the play waited for an answer."""


def joined(plays: Iterable["PlayRecord"]) -> list["PlayRecord"]:
    """Return one play for each performance: its last attempt, which knows of the earlier ones."""
    performances: dict[str, list[PlayRecord]] = {}
    for play in _suspected(list(plays)):
        performances.setdefault(repr(_subject(play.start)), []).append(play)
    return [_joined(sorted(attempts, key=lambda each: attempt_of(each.start))) for attempts in performances.values()]


def _suspected(plays: list["PlayRecord"]) -> list["PlayRecord"]:
    """Return the plays; where the runtime failed and no play is known to have caused it, the suspects are marked."""
    caused = any(play.outcome == "error" and _is_suspect(play) for play in plays)
    return [play if caused or not _is_suspect(play) else replace(play, is_suspect=True) for play in plays]


def _is_suspect(play: "PlayRecord") -> bool:
    return play.end is not None and play.end.data.get(SUSPECT) is True


def _joined(attempts: list["PlayRecord"]) -> "PlayRecord":
    *given_up, last = attempts
    return replace(_without_lateness(last), earlier=tuple(map(_as_far_as_evidence, given_up)))


def _without_lateness(play: "PlayRecord") -> "PlayRecord":
    """Return a play up to where it was late, whole where it was not, or where it cannot be read."""
    cut = play.readable_cut
    return play if cut is None else play.before(cut)


def _as_far_as_evidence(play: "PlayRecord") -> "PlayRecord":
    """Return an attempt that was given up, up to the step that spoiled it."""
    if play.damage is not None or play.end is None or play.end.data.get("outcome") != "given_up":
        return play  # two attempts of which the first was not given up: an edited record, whose findings all count
    index = _spoiled_step(play, play.end)
    begun = next((step.begun.id for step in play.steps if step.index == index), play.end.id)
    spoiled = Cut(begun, index, str(play.end.data.get("reason")))
    cuts = [spoiled] if play.readable_cut is None else [spoiled, play.readable_cut]
    return play.before(min(cuts, key=lambda cut: cut.event_id))


def _spoiled_step(play: "PlayRecord", end: Event) -> int | None:
    """Return the step from which on an attempt shows nothing: in older records the one that it was given up in."""
    told = end.data.get(CUT_STEP if CUT_STEP in end.data else "at_step")
    if isinstance(told, int) or CUT_STEP in end.data:
        return told if isinstance(told, int) else None
    return next((each.index for each in play.steps if each.ended is None), None)


def _subject(start: Event) -> list[object]:
    return [*(start.data.get(name) for name in ("scenario", "role", "decides")), round_of(start)]


def attempt_of(start: Event) -> int:
    """Return which attempt at its performance a play is, counted from 1."""
    return _number(start, "attempt")


def _number(start: Event, name: str) -> int:
    number = start.data.get(name)
    return number if isinstance(number, int) else 1
