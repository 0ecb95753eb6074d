"""Decide whether clients saw the same with sleeps in the gaps of a session as without."""

from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.judge.cached_state import unless_session_read_a_cache
from poc_cli.judge.finding import Finding, held, refuted, unknown
from poc_cli.judge.ownership import sockets_of, unproven_sockets_of, why_not_owned
from poc_cli.judge.session_words import describe, describe_gap, describe_sleeps, describe_unrepeated, looks_like
from poc_cli.judge.sleeps import sleeps_of
from poc_cli.record.module_resets import listed
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.session_record import NEEDED, PERFORMANCES, SessionRecord, Suspicion
from poc_cli.scenario.wording import several

_LEAST_UNDISTURBED: Final = 2
"""Performances without a sleep that are needed to see what differs by itself."""


def sleep_transparency(play: PlayRecord) -> Finding:
    """Return whether the session attached to a play is transparent to sleeps."""
    if not isinstance(play.session, SessionRecord):
        return unknown("the session was not played with sleeps in its gaps")
    return _finding(play.session)


def _finding(session: SessionRecord) -> Finding:
    """Return whether clients saw the same with sleeps as without."""
    undecided = _undecided(session)
    if undecided is not None:
        return undecided
    if session.confirmed:
        return _of_confirmed(session)
    broken = session.broken_step
    if broken is not None:
        reason = f"the session fails without any sleep, at line {broken.begun.data['line']}: {broken.reason}"
        return unknown(reason, (broken.end_id,))
    if session.suspicions:
        first = session.suspicions[0]
        where = describe_sleeps(session.steps, session.sleeps_of(first))
        reason = f"evicted {where}: {describe(first)}; {NEEDED} of {PERFORMANCES} plays are needed to count"
        return unknown(reason, evidence_of(first))
    return _without_difference(session)


def _of_confirmed(session: SessionRecord) -> Finding:
    """Return the first difference that only a sleep can have made, or why each may have another cause."""
    proven = [each for each in session.confirmed if not _is_short_of_plays(session, each)]
    if not proven:
        return _short_of_plays(session, session.confirmed[0])
    doubts = {id(each): _doubt(each) for each in proven}
    first = next((each for each in proven if doubts[id(each)] is None), proven[0])
    reason = f"evicted {describe_sleeps(session.steps, session.sleeps_of(first))}: {describe(first)}"
    doubt = doubts[id(first)]
    if doubt is not None:
        return unknown(
            f"{reason}; but {doubt}, so that putting module state back may have made the difference", evidence_of(first)
        )
    more = len(proven) - 1
    others = f" (and {more} more kind{'s' * (more > 1)} of difference)" if more else ""
    what, _ = looks_like(first.difference)
    return refuted(f"{reason}; it looks like {what}{others}", evidence_of(first))


def _is_short_of_plays(session: SessionRecord, each: Suspicion) -> bool:
    """Return whether too few plays came to their end, as on a slow machine, to tell a loss from chance."""
    return min(each.of, len(session.undisturbed)) < PERFORMANCES


def _short_of_plays(session: SessionRecord, each: Suspicion) -> Finding:
    where = describe_sleeps(session.steps, session.sleeps_of(each))
    came = f"{several(len(session.undisturbed), 'play')} without a sleep"
    return unknown(
        f"evicted {where}: {describe(each)}; but only {each.of} with it and {came} came to their end, "
        f"and {PERFORMANCES} of each are needed",
        evidence_of(each),
    )


def _doubt(each: Suspicion) -> str | None:
    """Return why what poc did with module state may have made a difference, None if it did not."""
    stayed = _whose_modules_were_reset(each)
    if stayed is not None:
        return f"{stayed} was in memory meanwhile and shares the isolate"
    left = each.disturbed.reset_in_part
    return None if left is None else f"{left} changed there too and could not be put back"


def _without_difference(session: SessionRecord) -> Finding:
    """Return whether the sleeps of a session in which nothing differed prove anything."""
    untested = [gap for gap in session.gaps if session.state_of(gap) == "untested"]
    if untested:
        where = describe_gap(session.steps, untested[0])
        ended = next((play.ending for play in session.unusable), "it was not played")
        slow = "this machine was too slow: an alarm fired before steps that it follows without a sleep"
        return unknown(f"no performance with a sleep {where} came to its end: {slow if session.overtaken else ended}")
    slept = [gap for gap in session.gaps if session.state_of(gap) == "kept"]
    if not slept:
        return unknown(f"no object slept in any gap: {_why_awake(session)}")
    doubt = _without_own_sockets(session) or _what_else_survived(session)
    if doubt is not None:
        return doubt
    awake = len(session.gaps) - len(slept)
    rest = f"; in {awake} it did not sleep: {_why_awake(session)}" if awake else ""
    ends = [play.end.id for play in session.known if play.end is not None]
    return held(f"in {len(session.disturbed)} plays with sleeps in {len(slept)} gaps{rest}", ends)


def _what_else_survived(session: SessionRecord) -> Finding | None:
    """Return why clients may have seen the same although something was lost, None where they would not."""
    if session.reference.masked_share >= 1:
        return unknown("every value that clients saw differs without a sleep too, so none was compared")
    kept = next((each.why_incomplete for each in session.disturbed if each.why_incomplete is not None), None)
    if kept is not None:
        return unknown(f"clients saw the same, but {kept}, so that may be what survived")
    return unless_session_read_a_cache(each.play for each in session.disturbed)


def _undecided(session: SessionRecord) -> Finding | None:
    """Return why the session cannot be judged, None where it can."""
    if len(session.undisturbed) < _LEAST_UNDISTURBED:
        ended = next((play.ending for play in session.unusable), "too few were played")
        return unknown(
            f"only {several(len(session.undisturbed), 'performance')} without a sleep came to their end: {ended}"
        )
    unsteady = session.unsteady_step
    if unsteady is not None:
        line = unsteady.begun.data["line"]
        reason = (
            f"the session does not repeat itself without any sleep: in some plays, at line {line}, {unsteady.reason}"
        )
        return unknown(reason, (unsteady.end_id,))
    unrepeated = session.unrepeated
    if unrepeated is not None:
        return unknown(f"the session does not repeat itself without any sleep: {describe_unrepeated(unrepeated)}")
    if not session.disturbed:
        slow = ["this machine was too slow for its alarms"] if session.overtaken else []
        ended = next(iter([*slow, *(play.ending for play in session.unusable)]), "none was played")
        return unknown(f"no performance with a sleep came to its end: {ended}")
    return None


def evidence_of(each: Suspicion) -> tuple[int, ...]:
    """Return the events of what was expected and seen, and of the first sleep before it."""
    sights = (each.difference.expected, each.difference.seen)
    evicted = [event.id for event in each.disturbed.play.of_kind("evicted")][:1]
    return (*(sight.event for sight in sights if sight is not None), *evicted)


def _pin_text(pin: dict[str, Any]) -> str:
    place = f" ({pin['script']}:{pin['line']})" if pin.get("script") else ""
    return f"{pin.get('what')}{place}"


def _whose_modules_were_reset(suspicion: Suspicion) -> str | None:
    """Return the objects that stayed in memory while module state was put back, if only they explain a difference.

    In production they would have kept it. A client of an object that slept itself sees what that object has lost.
    """
    play = suspicion.disturbed.play
    resets = [each for each in play.of_kind(kinds.MODULE_STATE) if each.data["at"] == "sleep" and each.data["changed"]]
    stayed = dict.fromkeys(str(name) for each in resets for name in each.data["others"])
    slept = {connection.client for sleep in sleeps_of(play) for connection in sockets_of(play, sleep)}
    return listed([*stayed]) if stayed and suspicion.difference.client not in slept else None


def _without_own_sockets(session: SessionRecord) -> Finding | None:
    """Return why the sleeps prove nothing about a client's socket: none was open, or a caller may hold it."""
    owned: set[str] = set()
    doubts: dict[str, Finding] = {}
    for each in session.disturbed:
        for sleep in sleeps_of(each.play):
            owned |= {connection.client for connection in sockets_of(each.play, sleep)}
            for connection in unproven_sockets_of(each.play, sleep):
                reason = f"{sleep.label} slept, but {why_not_owned(each.play, sleep, connection)}"
                doubts.setdefault(connection.client, unknown(reason, sleep.evidence))
    found = next((finding for client, finding in doubts.items() if client not in owned), None)
    if found is None and not owned:
        return unknown("objects slept, but never with a client's socket open")
    return found


def _why_awake(session: SessionRecord) -> str:
    pins = dict.fromkeys(pin for gap in session.gaps for pin in pins_in(session, gap))
    if pins:
        return f"pinned by {', '.join(pins)}"
    states = {session.state_of(gap) for gap in session.gaps} - {"kept"}
    if states == {"absent"}:
        return "no object of the story was in memory"
    return "the evict did not end its stay, or it woke before module state was put back"


def pins_in(session: SessionRecord, gap: int) -> list[str]:
    """Return what kept objects in memory in a gap, in words."""
    mine = [one for each in session.disturbed for one in each.states.get(gap, ())]
    return [*dict.fromkeys(_pin_text(pin) for one in mine for pin in one.get("pins") or ())]
