"""Join the attempts at one play, identified by scenario, role, decided claims and round.

The findings of every attempt count, up to where the attempt stopped being evidence.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from poc_cli.history.event import Event
from poc_cli.record.lateness import Cut

if TYPE_CHECKING:
    from poc_cli.record.play_record import PlayRecord

CUT_STEP: Final = "cut_step"
"""The key in `play_end` of a given-up attempt: the step from which it is not evidence. Missing in older histories."""


def round_of(start: Event) -> int:
    """Return the round of a play, counted from 1; older histories have one round."""
    return _number(start, "round")


def is_followed(start: Event, end: Event | None, starts: Iterable[Event]) -> bool:
    """Return whether a play was given up and repeated; without a later attempt in the history, it counts."""
    if end is None or end.data.get("outcome") != "given_up":
        return False
    subject, attempt = _subject(start), attempt_of(start)
    return any(attempt_of(other) > attempt and _subject(other) == subject for other in starts)


SUSPECT: Final = "suspect"
"""The key in `play_end` that marks that the runtime hung or died by itself while the play waited for an answer."""


def joined(plays: Iterable["PlayRecord"]) -> list["PlayRecord"]:
    """Return the last attempt at each play, with the earlier attempts in it."""
    by_subject: dict[str, list[PlayRecord]] = {}
    for play in _suspected(list(plays)):
        by_subject.setdefault(repr(_subject(play.start)), []).append(play)
    return [_joined(sorted(attempts, key=lambda each: attempt_of(each.start))) for attempts in by_subject.values()]


def _suspected(plays: list["PlayRecord"]) -> list["PlayRecord"]:
    """Return the plays, with the suspects marked if the runtime failed and no play is known to have caused it."""
    caused = any(play.outcome == "error" and _is_suspect(play) for play in plays)
    return [play if caused or not _is_suspect(play) else replace(play, is_suspect=True) for play in plays]


def _is_suspect(play: "PlayRecord") -> bool:
    return play.end is not None and play.end.data.get(SUSPECT) is True


def _joined(attempts: list["PlayRecord"]) -> "PlayRecord":
    *given_up, last = attempts
    return replace(_without_lateness(last), earlier=tuple(map(_as_far_as_evidence, given_up)))


def _without_lateness(play: "PlayRecord") -> "PlayRecord":
    """Return a play up to where it was late; all of it if it was not late or cannot be read."""
    cut = play.readable_cut
    return play if cut is None else play.before(cut)


def _as_far_as_evidence(play: "PlayRecord") -> "PlayRecord":
    """Return an attempt that was given up, up to the step that spoiled it."""
    if play.damage is not None or play.end is None or play.end.data.get("outcome") != "given_up":
        return play  # repeated without being given up: an edited history, of which all findings count
    index = _spoiled_step(play, play.end)
    begun = next((step.begun.id for step in play.steps if step.index == index), play.end.id)
    spoiled = Cut(begun, index, str(play.end.data.get("reason")))
    cuts = [spoiled] if play.readable_cut is None else [spoiled, play.readable_cut]
    return play.before(min(cuts, key=lambda cut: cut.event_id))


def _spoiled_step(play: "PlayRecord", end: Event) -> int | None:
    """Return the step from which an attempt is not evidence; in older histories the one in which it was given up."""
    step = end.data.get(CUT_STEP if CUT_STEP in end.data else "at_step")
    if isinstance(step, int) or CUT_STEP in end.data:
        return step if isinstance(step, int) else None
    return next((each.index for each in play.steps if each.ended is None), None)


def _subject(start: Event) -> list[object]:
    return [*(start.data.get(name) for name in ("scenario", "role", "decides")), round_of(start)]


def attempt_of(start: Event) -> int:
    """Return the number of a play's attempt, counted from 1."""
    return _number(start, "attempt")


def _number(start: Event, name: str) -> int:
    number = start.data.get(name)
    return number if isinstance(number, int) else 1
