"""Rule 1 for a load: which rooms are proven to have slept, and why the others are not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from poc_cli.record.load_record import LoadRecord, Nap
from poc_cli.record.ranges import indexes
from poc_cli.scenario.load_model import SLEEPS_WITHIN_SECONDS

LEAST_ANSWERS: Final = 2
"""Answers with one instance before a sleep, and with another after it, that prove the sleep."""


@dataclass(frozen=True, slots=True)
class RoomSleep:
    """What is known of one room at one sleep: `slept` is None where nothing is proven."""

    room: int
    slept: bool | None
    why: str


def rooms_at(load: LoadRecord, nap: Nap) -> list[RoomSleep]:
    """Return what is known of each room that had a socket open when it was left to sleep."""
    return [_room(load, nap, room) for room in sorted(load.by_room(nap.sleep.result.open))]


def _room(load: LoadRecord, nap: Nap, room: int) -> RoomSleep:
    evicted = next((each for each in nap.sleep.result.evicted if each["room"] == room), None)
    before = _describe(nap.sleep.result.told, room, after=False)
    if evicted is not None:
        return _forced(room, evicted, before)
    if nap.storm is None:
        return RoomSleep(room, slept=None, why=f"room {room} was not spoken to after it was left to sleep")
    stayed = indexes(nap.sleep.result.open) - _dropped(nap)
    after = _describe([each for each in nap.storm.result.told if each[1] in stayed], room, after=True)
    if min(len(before), len(after)) < LEAST_ANSWERS:
        which, number = ("before", len(before)) if len(before) < LEAST_ANSWERS else ("after", len(after))
        message = f"{number} answers told the instance of room {room} {which} the sleep, and it takes {LEAST_ANSWERS}"
        left = any(load.room_of(index) == room for index in stayed)
        return RoomSleep(room, slept=None, why=message if left else message + _NONE_LEFT)
    found = _by_instance(room, before, after, nap.sleep.result.quiet_ms or 0.0)
    if found.slept is False and load.by_room(load.fates["unknown"]).get(room):
        # A worker that is lost drops its sockets, and their ends are events of the room.
        message = f"room {room} had sockets of a lost worker, whose ends may have kept it awake"
        return RoomSleep(room, slept=None, why=message)
    return found


def _by_instance(room: int, before: Sequence[str], after: Sequence[str], quiet_ms: float) -> RoomSleep:
    """Another instance is proof of a sleep; the same one is proof of none, if nobody spoke for long enough."""
    if len(set(before)) > 1 or len(set(after)) > 1:
        message = f"room {room} told several instances at one time, so that they prove nothing"
        return RoomSleep(room, slept=None, why=message)
    if before[0] != after[0]:
        return RoomSleep(room, slept=True, why=f"room {room} told another instance after it was left alone")
    seconds = quiet_ms / 1000
    if seconds < SLEEPS_WITHIN_SECONDS:
        message = f"room {room} was left alone for only {seconds:.1f} s, and told the same instance after it"
        return RoomSleep(room, slept=None, why=message)
    message = f"room {room} answered with the same instance after {seconds:.1f} s in which nobody spoke"
    return RoomSleep(room, slept=False, why=message)


_NONE_LEFT: Final = "; none of its sockets stayed open"


def _forced(room: int, evicted: dict[str, str], before: Sequence[str]) -> RoomSleep:
    """An evict that was answered is proof by itself; one that found nobody is, where the room was seen before it."""
    match evicted["outcome"]:
        case "evicted":
            return RoomSleep(room, slept=True, why=f"room {room} was evicted")
        case "not_running" if before:
            return RoomSleep(room, slept=True, why=f"room {room} slept already when it was to be evicted")
        case "not_running":
            message = f"room {room} was never seen in memory, so its name may be another object's"
            return RoomSleep(room, slept=None, why=message)
        case "busy":
            return RoomSleep(room, slept=False, why=f"room {room} could not be evicted within 30 s: {evicted['said']}")
    message = f"the evict of room {room} came out as {evicted['outcome']}: {evicted['said']}"
    return RoomSleep(room, slept=None, why=message)


def _describe(rows: Sequence[Sequence[object]], room: int, *, after: bool) -> list[str]:
    return [str(row[2]) for row in rows if row[0] == room and row[3] is after and row[2] is not None]


def _dropped(nap: Nap) -> set[int]:
    groups = [group for stage in nap.between for group in stage.result.dropped]
    return set().union(*(indexes(group["sockets"]) for group in groups))
