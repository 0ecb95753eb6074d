"""The checks of a load by their names: a load in, a finding out."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.load.load_sleeps import RoomSleep, rooms_at
from poc_cli.record.load_record import LoadRecord, Nap
from poc_cli.record.ranges import count, indexes, ranges, words

Check = Callable[[LoadRecord], Finding]

_BY_THE_SERVER: Final = "the server answered"
"""How the error begins of a handshake that the other side refused; any other may be the network's, or ours."""


def opens(load: LoadRecord) -> Finding:
    """Held where every socket that was to open did."""
    evidence = _evidence(load)
    failed = load.fates["failed"]
    refused = [group for group in failed if str(group["error"]).startswith(_BY_THE_SERVER)]
    if refused:
        return refuted(f"{_groups(refused, 'error')} of {load.sockets:,} did not open", evidence)
    if failed:
        return unknown(f"{_groups(failed, 'error')} of {load.sockets:,} did not open", evidence)
    if load.fates["never_asked"]:
        return unknown(f"{words(load.fates['never_asked'])} were not asked to open", evidence)
    more = sum(stage.result.opened for stage in load.stages) - load.sockets
    comers = f", and {more:,} that came in the place of others" if more > 0 else ""
    return held(f"all {load.sockets:,} sockets opened{comers}", evidence)


def sleeps(load: LoadRecord) -> Finding:
    """Held where every room slept each time that it was to, with a socket open."""
    naps = list(load.naps())
    found = [_slept(nap, rooms_at(load, nap)) for nap in naps]
    if len(naps) < load.sleeps_planned:
        found.append(unknown(f"the load ended before {load.sleeps_planned - len(naps)} of its sleeps"))
    if not found:
        return unknown("the load has no stage in which rooms are to sleep")
    result = worst(found)
    if result.verdict != "held":
        return result
    rooms = {room.room for nap in naps for room in rooms_at(load, nap)}
    often = "" if len(naps) == 1 else f", {len(naps)} times"
    noun = "the room" if len(rooms) == 1 else f"all {len(rooms)} rooms"
    forced = naps[0].sleep.result.how == "evict"
    return held(f"{noun} slept {'by an evict' if forced else 'by the idle timer'}{often}", result.evidence)


def _slept(nap: Nap, rooms: Sequence[RoomSleep]) -> Finding:
    evidence = _evidence_of(nap)
    if not rooms:
        return unknown("no socket was open when the rooms were left to sleep", evidence)
    awake = [room for room in rooms if room.slept is False]
    if awake:
        return refuted(f"{awake[0].why}{_others(awake)}", evidence)
    open_ = [room for room in rooms if room.slept is None]
    if open_:
        return unknown(f"{open_[0].why}{_others(open_)}", evidence)
    return held("", evidence)


def _others(rooms: Sequence[RoomSleep]) -> str:
    return f" ({len(rooms) - 1} more rooms alike)" if len(rooms) > 1 else ""


def sockets_survive(load: LoadRecord) -> Finding:
    """Held where each socket that was open at a sleep had a message answered after it, on the same connection."""
    naps = list(load.naps())
    if not naps:
        return unknown("no sleep, no verdict: the load has no stage in which rooms are to sleep")
    found = [finding for nap in naps for finding in _survived(load, nap)]
    if len(naps) < load.sleeps_planned:
        found.append(unknown(f"the load ended before {load.sleeps_planned - len(naps)} of its sleeps"))
    result = worst(found)
    if result.verdict != "held":
        return result
    most = max(count(nap.sleep.result.open) for nap in naps)
    often = "" if len(naps) == 1 else f", each of {len(naps)} times"
    return held(
        f"all {most:,} sockets spoke with their room after its sleep, on the same connection{often}", result.evidence
    )


def _survived(load: LoadRecord, nap: Nap) -> list[Finding]:
    evidence = _evidence_of(nap)
    known = rooms_at(load, nap)
    asleep = {room.room for room in known if room.slept}
    unproven = [room for room in known if not room.slept]
    found = [unknown(f"no sleep, no verdict: {unproven[0].why}{_others(unproven)}", evidence)] if unproven else []
    if not known:
        found.append(unknown("no sleep, no verdict: no socket was open", evidence))
    open_then = {
        index for room, mine in load.by_room(nap.sleep.result.open).items() if room in asleep for index in mine
    }
    if not open_then:
        return found
    storm = nap.storm
    answered = indexes(storm.result.answered) if storm is not None else set()
    drops = [
        {**group, "sockets": ranges(indexes(group["sockets"]) & open_then)}
        for stage in nap.between
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
        message = f"{words(ranges(dropped & answered))} were answered after the sleep, and closed a moment later"
        found.append(unknown(message, evidence))
    return found or [held("", evidence)]


def nothing_lost(load: LoadRecord) -> Finding:
    """Held where every message came to everybody it was for, through the sleeps if there were any."""
    due = sum(stage.result.due for stage in load.stages)
    came = sum(stage.result.came for stage in load.stages)
    losing = [stage for stage in load.stages if any(_is_theirs(each) for each in stage.result.losses)]
    late = sum(stage.result.late for stage in load.stages)
    unanswered = sum(each["count"] for stage in losing for each in stage.result.losses if each["why"] == "unanswered")
    missing = sum(each["count"] for stage in losing for each in stage.result.losses if _is_theirs(each))
    if losing and late >= unanswered == missing:
        # What came is not lost. Whether the object was slow or this machine was, a load has no trace to tell by.
        message = f"{unanswered:,} of {due:,} arrivals came after their time, and all of them came"
        return unknown(message, (stage.event.id for stage in losing))
    if losing:
        first = losing[0]
        listed = ", ".join(
            f"{each['count']:,} {_WHY[each['why']]} ({words(each['sockets'])})"
            for each in first.result.losses
            if _is_theirs(each)
        )
        more = "" if len(losing) == 1 else f", and in {len(losing) - 1} more stages"
        came_late = f"; {late:,} came after their time" if late else ""
        message = f"lost: {due - came:,} of {due:,} arrivals; in {first.told} {listed}{more}{came_late}"
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


CHECKS: Final[dict[str, Check]] = {
    "load-opens": opens,
    "load-sleeps": sleeps,
    "load-sockets-survive": sockets_survive,
    "load-nothing-lost": nothing_lost,
}


def _groups(groups: Sequence[dict[str, Any]], *names: str) -> str:
    """Return groups of sockets for a sentence: how many, which, and how."""
    return "; ".join(
        f"{words(group['sockets'])} ({' '.join(str(group[name]) for name in names if group[name] != '')})"
        for group in groups[:3]
    ) + (f" and {len(groups) - 3} more ways" if len(groups) > 3 else "")  # noqa: PLR2004 - three fit a line


def _evidence_of(nap: Nap) -> tuple[int, ...]:
    return (nap.sleep.event.id, *(() if nap.storm is None else (nap.storm.event.id,)))


def _evidence(load: LoadRecord) -> tuple[int, ...]:
    opened = tuple(stage.event.id for stage in load.stages if stage.result.opened or stage.result.failed)
    return (*opened, *(() if load.fates_event is None else (load.fates_event.id,)))
