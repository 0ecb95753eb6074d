"""Recompute the outcome of each step from the recorded events, so that an edited record is an error.

An inconsistent record makes its play an error. What cannot be recomputed (a message that was cut, a masked secret, a
page's own report) is taken as recorded and listed. This does not detect someone who rewrites a whole record
consistently; it detects that a part of it was changed.
"""

from dataclasses import replace

from poc_cli.judge.recheck.replay import InconsistentRecordError, Rechecked, Replay
from poc_cli.record.play_record import PlayRecord

__all__ = ["Rechecked", "checked", "is_rechecked", "rechecked"]


def checked(play: PlayRecord) -> PlayRecord:
    """Return the play, with `damage` if the record of one of its attempts is inconsistent."""
    if play.damage is not None or play.start.data["role"] == "load":
        return play
    found = (rechecked(attempt).inconsistency for attempt in (*play.earlier, play))
    inconsistency = next((each for each in found if each is not None), None)
    return play if inconsistency is None else replace(play, damage=inconsistency)


def rechecked(play: PlayRecord) -> Rechecked:
    """Recompute a play; later calls return the same result."""
    found: Rechecked | None = play.memo.get("rechecked")
    if found is None:
        found = play.memo["rechecked"] = _recheck(play)
    return found


def is_rechecked(play: PlayRecord, claim: str) -> bool:
    """Return whether every step that a claim rests on was recomputed: those that name it or no claim."""
    return all(play.play.steps[index].step.claim not in {claim, None} for index in rechecked(play).unchecked)


def _recheck(play: PlayRecord) -> Rechecked:
    try:
        replay = Replay(play)
    except Exception:  # noqa: BLE001 - judging the play reports what is wrong
        return Rechecked()
    try:
        return Rechecked(unchecked=replay.run())
    except InconsistentRecordError as error:
        return Rechecked(inconsistency=f"the record is inconsistent: {error}")
    except Exception as broken:  # noqa: BLE001 - an edited event is an error, never a crash
        return Rechecked(inconsistency=f"the record is inconsistent: {type(broken).__name__}: {broken}")
