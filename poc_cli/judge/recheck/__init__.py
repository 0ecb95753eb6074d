"""Recompute the outcome of each step from the recorded events, so that an edited record is an error.

A record that does not fit together makes its play an error. What cannot be recomputed (a message was cut, a secret was
taken out, a page told of it) is believed and listed as such. This is no proof against someone who rewrites all of a
record; it shows that no part of it was changed by itself.
"""

from dataclasses import replace

from poc_cli.judge.recheck.replay import MisfitError, Rechecked, Replay
from poc_cli.record.play_record import PlayRecord

__all__ = ["Rechecked", "checked", "is_rechecked", "rechecked"]


def checked(play: PlayRecord) -> PlayRecord:
    """Return the play; where the record of one of its attempts does not fit together, with that as its damage."""
    if play.damage is not None or play.start.data["role"] == "load":
        return play
    misfits = (rechecked(attempt).misfit for attempt in (*play.earlier, play))
    misfit = next((each for each in misfits if each is not None), None)
    return play if misfit is None else replace(play, damage=misfit)


def rechecked(play: PlayRecord) -> Rechecked:
    """Recompute a play, once for each, however often it is asked for."""
    found: Rechecked | None = play.memo.get("rechecked")
    if found is None:
        found = play.memo["rechecked"] = _recheck(play)
    return found


def is_rechecked(play: PlayRecord, claim: str) -> bool:
    """Return whether every step that a claim rests on was recomputed: those that name it, and those that name none."""
    return all(play.play.steps[index].step.claim not in {claim, None} for index in rechecked(play).believed)


def _recheck(play: PlayRecord) -> Rechecked:
    try:
        replay = Replay(play)
    except Exception:  # noqa: BLE001 - what cannot be read is reported by whoever judges it
        return Rechecked()
    try:
        return Rechecked(believed=replay.run())
    except MisfitError as misfit:
        return Rechecked(misfit=f"the record does not fit together: {misfit}")
    except Exception as broken:  # noqa: BLE001 - an event that is not what it was is an error, never a crash
        return Rechecked(misfit=f"the record does not fit together: {type(broken).__name__}: {broken}")
