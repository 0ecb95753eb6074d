"""Prove which rooms of a load slept, and explain why for the others no sleep is proven."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from poc_cli.record.load_record import LoadRecord, SleepPhase
from poc_cli.record.ranges import indexes
from poc_cli.scenario.load_model import SLEEPS_WITHIN_SECONDS

LEAST_ANSWERS: Final = 2
"""How many answers with one instance id before a sleep, and with another after it, prove the sleep."""


@dataclass(frozen=True, slots=True)
class RoomSleep:
    """What is known about one room at one sleep; `slept` is None if nothing is proven."""

    room: int
    slept: bool | None
    why: str


def rooms_at(load: LoadRecord, phase: SleepPhase) -> list[RoomSleep]:
    """Return what is known about each room that had a socket open when it was left idle."""
    return [_room(load, phase, room) for room in sorted(load.by_room(phase.sleep.result.open))]


def _room(load: LoadRecord, phase: SleepPhase, room: int) -> RoomSleep:
    evicted = next((each for each in phase.sleep.result.evicted if each["room"] == room), None)
    before = _describe(phase.sleep.result.told, room, after=False)
    if evicted is not None:
        return _forced(room, evicted, before)
    if phase.storm is None:
        return RoomSleep(room, slept=None, why=f"room {room} got no message after it was left idle")
    stayed = indexes(phase.sleep.result.open) - _dropped(phase)
    after = _describe([each for each in phase.storm.result.told if each[1] in stayed], room, after=True)
    if min(len(before), len(after)) < LEAST_ANSWERS:
        which, number = ("before", len(before)) if len(before) < LEAST_ANSWERS else ("after", len(after))
        message = f"{number} answers gave room {room}'s instance id {which} the sleep, and {LEAST_ANSWERS} are needed"
        left = any(load.room_of(index) == room for index in stayed)
        return RoomSleep(room, slept=None, why=message if left else message + _NONE_LEFT)
    found = _by_instance(room, before, after, phase.sleep.result.quiet_ms or 0.0)
    if found.slept is False and load.by_room(load.fates["unknown"]).get(room):
        # The sockets of a lost worker close, and their closes are events of the room.
        message = f"room {room} had sockets of a lost worker, whose closes may have kept it awake"
        return RoomSleep(room, slept=None, why=message)
    return found


def _by_instance(room: int, before: Sequence[str], after: Sequence[str], quiet_ms: float) -> RoomSleep:
    """Another instance id proves a sleep; the same one disproves it if the silence was long enough."""
    if len(set(before)) > 1 or len(set(after)) > 1:
        message = f"room {room} gave several instance ids at one time, which proves nothing"
        return RoomSleep(room, slept=None, why=message)
    if before[0] != after[0]:
        return RoomSleep(room, slept=True, why=f"room {room} gave another instance id after it was left idle")
    seconds = quiet_ms / 1000
    if seconds < SLEEPS_WITHIN_SECONDS:
        message = f"room {room} was left idle for only {seconds:.1f} s, and gave the same instance id after it"
        return RoomSleep(room, slept=None, why=message)
    message = f"room {room} answered with the same instance after {seconds:.1f} s without any message"
    return RoomSleep(room, slept=False, why=message)


_NONE_LEFT: Final = "; none of its sockets stayed open"


def _forced(room: int, evicted: dict[str, str], before: Sequence[str]) -> RoomSleep:
    """A successful evict proves a sleep; so does one that found no object in memory, if the room was seen before."""
    match evicted["outcome"]:
        case "evicted":
            return RoomSleep(room, slept=True, why=f"room {room} was evicted")
        case "not_running" if before:
            return RoomSleep(room, slept=True, why=f"room {room} slept already when poc wanted to evict it")
        case "not_running":
            message = f"room {room} was never seen in memory, so its name may belong to another object"
            return RoomSleep(room, slept=None, why=message)
        case "busy":
            return RoomSleep(room, slept=False, why=f"room {room} could not be evicted within 30 s: {evicted['said']}")
    message = f"the evict of room {room} ended with {evicted['outcome']}: {evicted['said']}"
    return RoomSleep(room, slept=None, why=message)


def _describe(rows: Sequence[Sequence[object]], room: int, *, after: bool) -> list[str]:
    return [str(row[2]) for row in rows if row[0] == room and row[3] is after and row[2] is not None]


def _dropped(phase: SleepPhase) -> set[int]:
    groups = [group for stage in phase.between for group in stage.result.dropped]
    return set().union(*(indexes(group["sockets"]) for group in groups))
