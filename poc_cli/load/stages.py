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
"""Multiples of the wait for sleep after which the stage goes on even if a room was never idle."""

_ROOM_TO_SPARE: Final = 1.0  # more than the pool's own deadline, so that the pool decides


async def ramp(context: LoadContext, step: Step, result: StageResult) -> None:
    """Open all sockets at an even rate, as far as handshakes and descriptors allow."""
    del result
    pool, start = context.pool, context.now()
    indexes = list(pool.shard.indexes)
    apart = step.seconds / max(1, len(indexes))
    times = (start + place * apart for place in range(len(indexes)))
    place = 0
    async for intended in context.paced(times):
        await context.until(lambda: len(pool.opening) < OPENING_AT_ONCE, OPENS_WITHIN_SECONDS + _ROOM_TO_SPARE)
        _open(context, indexes[place], intended)
        place += 1
    await context.until(lambda: not pool.opening, OPENS_WITHIN_SECONDS + _ROOM_TO_SPARE)


def _open(context: LoadContext, index: int, intended: float) -> None:
    why = context.supervisor.refuses()
    if why:
        context.pool.not_opened(index, why)
    else:
        context.pool.open(index, intended)


async def rest(context: LoadContext, step: Step, result: StageResult) -> None:
    """Wait."""
    del context, result
    await asyncio.sleep(step.seconds)


async def sleep(context: LoadContext, step: Step, result: StageResult) -> None:
    """Request each room's instance, then leave the rooms idle or evict them."""
    await context.ask_instances(result, after=False)
    for socket in context.pool.open_sockets():
        socket.is_witness = True
    result.open = ranges(each.index for each in context.pool.open_sockets())
    quiet_since = context.now()
    if step.how == "evict":
        result.evicted = await context.supervisor.evict(sorted(context.pool.by_room()))
    else:
        give_up = context.now() + _LONGEST_WAIT * step.seconds
        while (left := max(quiet_since, context.ledger.last_arrival) + step.seconds - context.now()) > 0:
            if context.now() + left > give_up:
                break
            await asyncio.sleep(left)
    result.quiet_ms = 1000 * (context.now() - max(quiet_since, context.ledger.last_arrival))


async def storm(context: LoadContext, step: Step, result: StageResult) -> None:
    """Wake all rooms, exchange a message on every socket, and request each room's instance."""
    start = context.now()
    rooms = context.pool.by_room()
    slow = _stalled(rooms, step.slow)
    await _STORMS[step.how](context, step, rooms, slow, start)
    await context.drained(step.within, but=slow)
    if context.ledger.tally.came:
        result.reached_ms = 1000 * (context.ledger.last_arrival - start)
    await _released(context, slow, step.within)
    context.ledger.give_up()
    if step.how == "broadcast":
        # Sockets that only received the broadcast have not sent anything yet.
        await _each(context, context.pool.open_sockets(), context.now(), "roll")
        await context.drained(step.within)
        context.ledger.give_up()
    await context.ask_instances(result, after=True)


Rooms = Mapping[int, Sequence[Socket]]


async def _all(context: LoadContext, step: Step, rooms: Rooms, slow: frozenset[int], start: float) -> None:
    del step
    for sockets in rooms.values():
        await _each(context, sockets, start, "answer", slow)


async def _staggered(context: LoadContext, step: Step, rooms: Rooms, slow: frozenset[int], start: float) -> None:
    waiting = sorted((socket for sockets in rooms.values() for socket in sockets), key=lambda each: each.index)
    context.random.shuffle(waiting)
    apart = step.seconds / max(1, len(waiting))
    place = 0
    async for intended in context.paced(start + place * apart for place in range(len(waiting))):
        _exchange(context, waiting[place], intended, "answer", slow)
        place += 1


async def _broadcast(context: LoadContext, step: Step, rooms: Rooms, slow: frozenset[int], start: float) -> None:
    """Wake each room with one message; once it has replied, send a broadcast in it."""
    speakers = {room: next(each for each in sockets if each.index not in slow) for room, sockets in rooms.items()}
    for socket in speakers.values():
        _exchange(context, socket, start, "wake", slow)
    await context.drained(step.within)
    begun = context.now()
    for room, socket in speakers.items():
        if socket.is_open:
            context.broadcast(socket, context.pool.open_in(room), begun, slow)


_STORMS: Final = {"all": _all, "staggered": _staggered, "broadcast": _broadcast}


async def _each(
    context: LoadContext, sockets: Sequence[Socket], intended: float, name: str, slow: frozenset[int] = frozenset()
) -> None:
    """Send a message on each socket, all due at the same time."""
    place = 0
    async for _ in context.paced(intended for _ in sockets):
        _exchange(context, sockets[place], intended, name, slow)
        place += 1


def _exchange(context: LoadContext, socket: Socket, intended: float, name: str, slow: frozenset[int]) -> None:
    if socket.is_open:
        context.exchange(socket, intended, "" if socket.index in slow else name)
    else:
        context.ledger.tally.unsent += 1


def _stalled(rooms: Rooms, number: int) -> frozenset[int]:
    """Stall `number` sockets of each room, but never all of a room."""
    slow = [socket for sockets in rooms.values() for socket in sockets[1:][:number]]
    for socket in slow:
        socket.stall()
    return frozenset(socket.index for socket in slow)


async def _released(context: LoadContext, slow: frozenset[int], within: float) -> None:
    """Release the stalled sockets and wait for their messages."""
    if not slow:
        return
    for index in slow:
        socket = context.pool.socket(index)
        if socket is not None:
            socket.release()
    await context.drained(within)


async def churn(context: LoadContext, step: Step, result: StageResult) -> None:
    """Close one client after the other, and reconnect each once its connection has ended."""
    del result
    pool, start = context.pool, context.now()
    times = (start + place / step.rate for place in range(max(1, round(step.seconds * step.rate))))
    async for intended in context.paced(times):
        _rejoin(context, intended)
        idle = pool.idle_sockets()
        if idle:
            pool.leave(context.random.choice(idle))
    await context.until(lambda: not pool.closing, CLOSES_WITHIN_SECONDS + _ROOM_TO_SPARE)
    _rejoin(context, context.now())
    await context.until(lambda: not pool.opening, OPENS_WITHIN_SECONDS + _ROOM_TO_SPARE)


def _rejoin(context: LoadContext, intended: float) -> None:
    pool = context.pool
    for index in pool.left_indexes():
        if len(pool.opening) >= OPENING_AT_ONCE:
            return
        _open(context, index, intended)


async def chat(context: LoadContext, step: Step, result: StageResult) -> None:
    """Send messages from every client at its rate, in random order, without waiting for replies."""
    del result
    speakers = [socket.index for socket in context.pool.open_sockets()]
    if not speakers:
        return
    context.random.shuffle(speakers)
    slow = _stalled(context.pool.by_room(), step.slow)
    apart = 60 / step.rate / len(speakers)
    start, place = context.now(), 0
    async for intended in context.paced(start + number * apart for number in range(int(step.seconds / apart))):
        socket = context.pool.socket(speakers[place % len(speakers)])
        place += 1
        if socket is None:
            context.ledger.tally.unsent += 1
        elif step.how == "room":
            context.broadcast(socket, context.pool.open_in(context.plan.room_of(socket.index)), intended, slow)
        else:
            context.exchange(socket, intended, "" if socket.index in slow else "chat")
    await context.drained(step.within, but=slow)
    await _released(context, slow, step.within)
    context.ledger.give_up()


STAGES: Final[dict[str, Run]] = {
    "ramp": ramp,
    "idle": rest,
    "sleep": sleep,
    "storm": storm,
    "churn": churn,
    "chat": chat,
}
