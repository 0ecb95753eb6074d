"""The checks of loads: each takes a load and returns a finding."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from poc_cli.judge.check_registry import Check, registering
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.load.load_sleeps import RoomSleep, rooms_at
from poc_cli.record.load_record import LoadRecord, SleepPhase
from poc_cli.record.ranges import count, indexes, ranges, words
from poc_cli.scenario.check_names import CheckEntry

LOAD_CHECKS: Final[dict[str, Check[Callable[[LoadRecord], Finding]]]] = {}

_check: Final = registering(LOAD_CHECKS)

_BY_THE_SERVER: Final = "the server answered"
"""The beginning of the error of a handshake that the server refused; other errors may come from the network or poc."""


@_check(
    CheckEntry(
        name="load-opens",
        order=10,
        meaning="Every socket that was to open did.",
        of_load=True,
    )
)
def opens(load: LoadRecord) -> Finding:
    """Held if every socket that should open did."""
    evidence = _evidence(load)
    failed = load.fates["failed"]
    refused = [group for group in failed if str(group["error"]).startswith(_BY_THE_SERVER)]
    if refused:
        return refuted(f"{_groups(refused, 'error')} of {load.sockets:,} did not open", evidence)
    if failed:
        return unknown(f"{_groups(failed, 'error')} of {load.sockets:,} did not open", evidence)
    if load.fates["never_asked"]:
        return unknown(f"{words(load.fates['never_asked'])} were never opened", evidence)
    more = sum(stage.result.opened for stage in load.stages) - load.sockets
    comers = f", and {more:,} that replaced others" if more > 0 else ""
    return held(f"all {load.sockets:,} sockets opened{comers}", evidence)


@_check(
    CheckEntry(
        name="load-sleeps",
        order=20,
        meaning=(
            "Every room left memory at every sleep with its sockets open, by what its instance shows, or the evict "
            "that was answered. Refuted when the same instance answers 13 s after the last event."
        ),
        of_load=True,
    )
)
def sleeps(load: LoadRecord) -> Finding:
    """Held if every room slept each time that it should, with a socket open."""
    phases = list(load.sleep_phases())
    found = [_slept(phase, rooms_at(load, phase)) for phase in phases]
    if len(phases) < load.sleeps_planned:
        found.append(unknown(f"the load ended before {load.sleeps_planned - len(phases)} of its sleeps"))
    if not found:
        return unknown("the load has no stage in which rooms should sleep")
    result = worst(found)
    if result.verdict != "held":
        return result
    rooms = {room.room for phase in phases for room in rooms_at(load, phase)}
    often = "" if len(phases) == 1 else f", {len(phases)} times"
    noun = "the room" if len(rooms) == 1 else f"all {len(rooms)} rooms"
    forced = phases[0].sleep.result.how == "evict"
    return held(f"{noun} slept {'by an evict' if forced else 'by the idle timer'}{often}", result.evidence)


def _slept(phase: SleepPhase, rooms: Sequence[RoomSleep]) -> Finding:
    evidence = _evidence_of(phase)
    if not rooms:
        return unknown("no socket was open when the rooms were left idle", evidence)
    awake = [room for room in rooms if room.slept is False]
    if awake:
        return refuted(f"{awake[0].why}{_others(awake)}", evidence)
    open_ = [room for room in rooms if room.slept is None]
    if open_:
        return unknown(f"{open_[0].why}{_others(open_)}", evidence)
    return held("", evidence)


def _others(rooms: Sequence[RoomSleep]) -> str:
    return f" ({len(rooms) - 1} more rooms like it)" if len(rooms) > 1 else ""


@_check(
    CheckEntry(
        name="load-sockets-survive",
        order=30,
        meaning=(
            "Each socket that was open at a sleep spoke with its room after the wake, on the same connection: a "
            "frame of the client reached the object and a frame of the object reached the client."
        ),
        of_load=True,
    )
)
def sockets_survive(load: LoadRecord) -> Finding:
    """Held if each socket that was open at a sleep had a message answered after it, on the same connection."""
    phases = list(load.sleep_phases())
    if not phases:
        return unknown("no sleep, no verdict: the load has no stage in which rooms should sleep")
    found = [finding for phase in phases for finding in _survived(load, phase)]
    if len(phases) < load.sleeps_planned:
        found.append(unknown(f"the load ended before {load.sleeps_planned - len(phases)} of its sleeps"))
    result = worst(found)
    if result.verdict != "held":
        return result
    most = max(count(phase.sleep.result.open) for phase in phases)
    often = "" if len(phases) == 1 else f", each of {len(phases)} times"
    return held(
        f"all {most:,} sockets were used after their room's sleep, on the same connection{often}", result.evidence
    )


def _survived(load: LoadRecord, phase: SleepPhase) -> list[Finding]:
    evidence = _evidence_of(phase)
    known = rooms_at(load, phase)
    asleep = {room.room for room in known if room.slept}
    unproven = [room for room in known if not room.slept]
    found = [unknown(f"no sleep, no verdict: {unproven[0].why}{_others(unproven)}", evidence)] if unproven else []
    if not known:
        found.append(unknown("no sleep, no verdict: no socket was open", evidence))
    open_then = {
        index for room, mine in load.by_room(phase.sleep.result.open).items() if room in asleep for index in mine
    }
    if not open_then:
        return found
    storm = phase.storm
    answered = indexes(storm.result.answered) if storm is not None else set()
    drops = [
        {**group, "sockets": ranges(indexes(group["sockets"]) & open_then)}
        for stage in phase.between
        for group in stage.result.dropped
    ]
    dropped = set().union(*(indexes(group["sockets"]) for group in drops))
    lost = [{**group, "sockets": ranges(indexes(group["sockets"]) - answered)} for group in drops]
    lost = [group for group in lost if group["sockets"]]
    silent = open_then - answered - dropped
    if lost:
        message = f"{_groups(lost, 'code', 'reason')} of {len(open_then):,} that were open at the sleep"
        found.append(refuted(f"{message} were closed before they were answered", evidence))
    if silent:
        message = f"{words(ranges(silent))}: {len(silent):,} of {len(open_then):,} stayed open and were not answered"
        found.append(unknown(message, evidence))
    if dropped & answered:
        message = f"{words(ranges(dropped & answered))} were answered after the sleep and closed soon after"
        found.append(unknown(message, evidence))
    return found or [held("", evidence)]


@_check(
    CheckEntry(
        name="load-nothing-lost",
        order=40,
        meaning="Every message came to everybody it was for; where rooms were to sleep, through the sleep.",
        of_load=True,
    )
)
def nothing_lost(load: LoadRecord) -> Finding:
    """Held if every message arrived at every client that it was for, through the sleeps if there were any."""
    due = sum(stage.result.due for stage in load.stages)
    came = sum(stage.result.came for stage in load.stages)
    losing = [stage for stage in load.stages if any(_is_theirs(each) for each in stage.result.losses)]
    late = sum(stage.result.late for stage in load.stages)
    unanswered = sum(each["count"] for stage in losing for each in stage.result.losses if each["why"] == "unanswered")
    missing = sum(each["count"] for stage in losing for each in stage.result.losses if _is_theirs(each))
    if losing and late >= unanswered == missing:
        # What arrived is not lost. Without a trace, a load cannot tell a slow object from a slow machine.
        message = f"{unanswered:,} of {due:,} arrivals came late, and none is missing"
        return unknown(message, (stage.event.id for stage in losing))
    if losing:
        first = losing[0]
        listed = ", ".join(
            f"{each['count']:,} {_WHY[each['why']]} ({words(each['sockets'])})"
            for each in first.result.losses
            if _is_theirs(each)
        )
        more = "" if len(losing) == 1 else f", and in {len(losing) - 1} more stages"
        came_late = f"; {late:,} came late" if late else ""
        message = f"lost: {due - came:,} of {due:,} arrivals; in {first.description} {listed}{more}{came_late}"
        return refuted(message, (stage.event.id for stage in losing))
    if not due:
        return unknown("no message was sent")
    evidence = tuple(stage.event.id for stage in load.stages if stage.result.due)
    if load.sleeps_planned and (slept := sleeps(load)).verdict != "held":
        return unknown(f"no sleep, no verdict: {slept.reason}", slept.evidence)
    if came < due:
        return unknown(f"{due - came:,} of {due:,} arrivals were not waited for", evidence)
    return held(f"all {due:,} arrivals of {_sent(load):,} messages came", evidence)


_WHY: Final = {"unanswered": "did not come", "ended first": "had their connection end first"}


def _is_theirs(loss: dict[str, Any]) -> bool:
    return loss["why"] in _WHY


def _sent(load: LoadRecord) -> int:
    return sum(stage.result.sent for stage in load.stages)


def _groups(groups: Sequence[dict[str, Any]], *names: str) -> str:
    """Return groups of sockets for a sentence: which ones, and how they failed."""
    return "; ".join(
        f"{words(group['sockets'])} ({' '.join(str(group[name]) for name in names if group[name] != '')})"
        for group in groups[:3]
    ) + (f" and {len(groups) - 3} more ways" if len(groups) > 3 else "")  # noqa: PLR2004 - three fit a line


def _evidence_of(phase: SleepPhase) -> tuple[int, ...]:
    return (phase.sleep.event.id, *(() if phase.storm is None else (phase.storm.event.id,)))


def _evidence(load: LoadRecord) -> tuple[int, ...]:
    opened = tuple(stage.event.id for stage in load.stages if stage.result.opened or stage.result.failed)
    return (*opened, *(() if load.fates_event is None else (load.fates_event.id,)))
