"""The stages of a load, one function for each verb: ramp, idle, sleep, storm, churn, chat."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from poc_cli.load.load_context import LoadContext
from poc_cli.load.load_socket import Socket
from poc_cli.load.plan import OPENS_WITHIN_SECONDS, Step
from poc_cli.load.socket_pool import CLOSES_WITHIN_SECONDS, OPENING_AT_ONCE
from poc_cli.record.load_stage import StageResult
from poc_cli.record.ranges import ranges

Run = Callable[[LoadContext, Step, StageResult], Awaitable[None]]

_LONGEST_WAIT: Final = 3
"""Times the wait for sleep, after which a room that is never left alone is asked all the same."""

_ROOM_TO_SPARE: Final = 1.0  # beyond what the sweep allows, so that it is the sweep that decides


async def ramp(scene: LoadContext, step: Step, result: StageResult) -> None:
    """Open all sockets, evenly over the time, as far as handshakes and descriptors allow."""
    del result
    crowd, start = scene.crowd, scene.now()
    indexes = list(crowd.shard.indexes)
    apart = step.seconds / max(1, len(indexes))
    times = (start + place * apart for place in range(len(indexes)))
    place = 0
    async for intended in scene.paced(times):
        await scene.until(lambda: len(crowd.opening) < OPENING_AT_ONCE, OPENS_WITHIN_SECONDS + _ROOM_TO_SPARE)
        _open(scene, indexes[place], intended)
        place += 1
    await scene.until(lambda: not crowd.opening, OPENS_WITHIN_SECONDS + _ROOM_TO_SPARE)


def _open(scene: LoadContext, index: int, intended: float) -> None:
    why = scene.conductor.refuses()
    if why:
        scene.crowd.not_opened(index, why)
    else:
        scene.crowd.open(index, intended)


async def rest(scene: LoadContext, step: Step, result: StageResult) -> None:
    """Let time pass."""
    del scene, result
    await asyncio.sleep(step.seconds)


async def sleep(scene: LoadContext, step: Step, result: StageResult) -> None:
    """Ask each room who it is, then leave all alone, or have them evicted."""
    await scene.ask_instances(result, after=False)
    for socket in scene.crowd.open_sockets():
        socket.is_witness = True
    result.open = ranges(each.index for each in scene.crowd.open_sockets())
    quiet_since = scene.now()
    if step.how == "evict":
        result.evicted = await scene.conductor.evict(sorted(scene.crowd.by_room()))
    else:
        give_up = scene.now() + _LONGEST_WAIT * step.seconds
        while (left := max(quiet_since, scene.ledger.last_arrival) + step.seconds - scene.now()) > 0:
            if scene.now() + left > give_up:
                break
            await asyncio.sleep(left)
    result.quiet_ms = 1000 * (scene.now() - max(quiet_since, scene.ledger.last_arrival))


async def storm(scene: LoadContext, step: Step, result: StageResult) -> None:
    """Wake all rooms, then have every socket speak with its room, and ask each room who it is now."""
    start = scene.now()
    rooms = scene.crowd.by_room()
    slow = _stalled(rooms, step.slow)
    await _STORMS[step.how](scene, step, rooms, slow, start)
    await scene.drained(step.within, but=slow)
    if scene.ledger.tally.came:
        result.reached_ms = 1000 * (scene.ledger.last_arrival - start)
    await _released(scene, slow, step.within)
    scene.ledger.give_up()
    if step.how == "broadcast":
        # Whoever has only heard the broadcast has not been heard yet.
        await _each(scene, scene.crowd.open_sockets(), scene.now(), "roll")
        await scene.drained(step.within)
        scene.ledger.give_up()
    await scene.ask_instances(result, after=True)


Rooms = Mapping[int, Sequence[Socket]]


async def _all(scene: LoadContext, step: Step, rooms: Rooms, slow: frozenset[int], start: float) -> None:
    del step
    for sockets in rooms.values():
        await _each(scene, sockets, start, "answer", slow)


async def _staggered(scene: LoadContext, step: Step, rooms: Rooms, slow: frozenset[int], start: float) -> None:
    waiting = sorted((socket for sockets in rooms.values() for socket in sockets), key=lambda each: each.index)
    scene.chance.shuffle(waiting)
    apart = step.seconds / max(1, len(waiting))
    place = 0
    async for intended in scene.paced(start + place * apart for place in range(len(waiting))):
        _exchange(scene, waiting[place], intended, "answer", slow)
        place += 1


async def _broadcast(scene: LoadContext, step: Step, rooms: Rooms, slow: frozenset[int], start: float) -> None:
    """Wake each room by one message; once it has answered, have it send to all."""
    speakers = {room: next(each for each in sockets if each.index not in slow) for room, sockets in rooms.items()}
    for socket in speakers.values():
        _exchange(scene, socket, start, "wake", slow)
    await scene.drained(step.within)
    begun = scene.now()
    for room, socket in speakers.items():
        if socket.is_open:
            scene.broadcast(socket, scene.crowd.open_in(room), begun, slow)


_STORMS: Final = {"all": _all, "staggered": _staggered, "broadcast": _broadcast}


async def _each(
    scene: LoadContext, sockets: Sequence[Socket], intended: float, name: str, slow: frozenset[int] = frozenset()
) -> None:
    """Send a message by each socket, all of them due at the same moment."""
    place = 0
    async for _ in scene.paced(intended for _ in sockets):
        _exchange(scene, sockets[place], intended, name, slow)
        place += 1


def _exchange(scene: LoadContext, socket: Socket, intended: float, name: str, slow: frozenset[int]) -> None:
    if socket.is_open:
        scene.exchange(socket, intended, "" if socket.index in slow else name)
    else:
        scene.ledger.tally.unsent += 1


def _stalled(rooms: Rooms, number: int) -> frozenset[int]:
    """Have so many of each room stop reading, but never all of one."""
    slow = [socket for sockets in rooms.values() for socket in sockets[1:][:number]]
    for socket in slow:
        socket.stall()
    return frozenset(socket.index for socket in slow)


async def _released(scene: LoadContext, slow: frozenset[int], within: float) -> None:
    """Have those that did not read read on, and wait for what is theirs."""
    if not slow:
        return
    for index in slow:
        socket = scene.crowd.socket(index)
        if socket is not None:
            socket.release()
    await scene.drained(within)


async def churn(scene: LoadContext, step: Step, result: StageResult) -> None:
    """Have clients leave, one after the other, and each come back once its connection is gone."""
    del result
    crowd, start = scene.crowd, scene.now()
    times = (start + place / step.rate for place in range(max(1, round(step.seconds * step.rate))))
    async for intended in scene.paced(times):
        _rejoin(scene, intended)
        idle = crowd.idle_sockets()
        if idle:
            crowd.leave(scene.chance.choice(idle))
    await scene.until(lambda: not crowd.closing, CLOSES_WITHIN_SECONDS + _ROOM_TO_SPARE)
    _rejoin(scene, scene.now())
    await scene.until(lambda: not crowd.opening, OPENS_WITHIN_SECONDS + _ROOM_TO_SPARE)


def _rejoin(scene: LoadContext, intended: float) -> None:
    crowd = scene.crowd
    for index in crowd.away():
        if len(crowd.opening) >= OPENING_AT_ONCE:
            return
        _open(scene, index, intended)


async def chat(scene: LoadContext, step: Step, result: StageResult) -> None:
    """Have every client say something at its rate, in an order left to chance, whether or not answers come."""
    del result
    speakers = [socket.index for socket in scene.crowd.open_sockets()]
    if not speakers:
        return
    scene.chance.shuffle(speakers)
    slow = _stalled(scene.crowd.by_room(), step.slow)
    apart = 60 / step.rate / len(speakers)
    start, place = scene.now(), 0
    async for intended in scene.paced(start + number * apart for number in range(int(step.seconds / apart))):
        socket = scene.crowd.socket(speakers[place % len(speakers)])
        place += 1
        if socket is None:
            scene.ledger.tally.unsent += 1
        elif step.how == "room":
            scene.broadcast(socket, scene.crowd.open_in(scene.plan.room_of(socket.index)), intended, slow)
        else:
            scene.exchange(socket, intended, "" if socket.index in slow else "chat")
    await scene.drained(step.within, but=slow)
    await _released(scene, slow, step.within)
    scene.ledger.give_up()


STAGES: Final[dict[str, Run]] = {
    "ramp": ramp,
    "idle": rest,
    "sleep": sleep,
    "storm": storm,
    "churn": churn,
    "chat": chat,
}
