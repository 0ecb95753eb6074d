"""A process of the runtime in memory, on virtual time: rooms with an idle timer, what they answer, and the trace.

What happens in it happens at its own time, even while the event loop stands still; while it stands still itself,
nothing does, and it is late afterwards.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from poc_cli.clients.client import Payload
from poc_cli.residency import Caller, Change, Delivered, Entered, Left, Pin, Timed
from tests.support.virtual import SECOND, Due, Result, World

if TYPE_CHECKING:
    from poc_cli.targets.base import (
        TargetDied,
    )
    from tests.support.fake_client import FakeClient

MILLISECOND: Final = 1_000_000
LINK_NS: Final = MILLISECOND // 5
"""What a frame takes between a client and the runtime, either way."""

BUFFERED: Final = 1 << 20
"""What fits on the way to a runtime that does not read."""

FENCE_NS: Final = MILLISECOND
"""What a request to the side-car takes, either way."""

IDLE_NS: Final = 10 * SECOND
RESTARTS_NS: Final = 50 * MILLISECOND
NOT_SERVED: Final = 1006
CLASSES: Final = ("Room",)
SOCKET_EVENT: Final = "hibernatable_websocket"

Json = dict[str, Any]


@dataclass(slots=True)
class Room:
    """A stay of an object in memory."""

    id: str
    ctx: int
    entered_ns: int
    last_event_ns: int
    last_activity_ns: int
    count: int = 0
    is_timed: bool = False
    pins: dict[str, Pin] = field(default_factory=dict)
    idle: Due | None = None


@dataclass(slots=True)
class Socket:
    """The runtime's end of a connection, which outlives the stays of its object."""

    object_id: str
    client: "FakeClient"
    is_deaf: bool = False
    """Whether nothing that the client sends is read any more."""

    attachment: Any = None


@dataclass(slots=True)
class Work:
    """A time in which the runtime serves nobody: it stands still, or one of its objects computes."""

    from_ns: int
    to_ns: int
    ctx: int | None


class FakeRuntime:
    """A process with rooms in memory and sockets to clients; it writes its trace as workerd does."""

    def __init__(self, world: World, number: int) -> None:
        """Take its world, and its number in the run."""
        self.callers: tuple[Caller, ...] = ()
        """Who is said to have called each object that leaves memory."""
        self.world = world
        self._rooms: dict[str, Room] = {}
        self._disk: dict[str, Json] = {}
        self._sockets: list[Socket] = []
        self._alarms: dict[str, Due] = {}
        self._listeners: dict[str, Callable[[Change], None]] = {}
        self._others: Callable[[Change], None] | None = None
        self._seen: dict[str, None] = {}
        self._lines: list[Change] = []
        self._contexts = 0
        self._process = number * 100
        self._started_ns = world.now_ns
        self._works: list[Work] = []
        self._hangs_at_ns: int | None = None
        self._death: TargetDied | None = None

    def stand_still(self, seconds: float, *, at_ns: int | None = None) -> None:
        """Do nothing for so long, as a process that is stopped."""
        from_ns = self.world.moment_ns if at_ns is None else at_ns
        self._works.append(Work(from_ns, from_ns + round(seconds * SECOND), None))

    # --- the worker

    def _handle(self, room: Room, socket: Socket, message: Json) -> None:  # noqa: C901, PLR0912 - a case for each `op`
        room.count += 1
        disk = self._disk.setdefault(room.id, {})
        answer: Json = {"op": message.get("op"), **({"id": message["id"]} if "id" in message else {})}
        match message:
            case {"op": "echo"}:
                answer = message
            case {"op": "swallow"}:
                return
            case {"op": "count"}:
                answer["count"] = room.count
            case {"op": "who"}:
                answer |= {"instance": f"{self._process}-{room.ctx}", "attachment": socket.attachment}
            case {"op": "attach", "data": data}:
                socket.attachment = data
            case {"op": "put", "key": key, "value": value}:
                disk[key] = value
            case {"op": "get", "key": key}:
                answer["value"] = disk.get(key)
            case {"op": "late", "ms": wait}:
                self._time(room, wait, lambda: self._push(socket, json.dumps({"event": "late"})))
            case {"op": "slow", "ms": wait}:
                self._time(room, wait, lambda: self._push(socket, json.dumps(answer)))
                return
            case {"op": "pin"}:
                self._pin(room, "setInterval")
            case {"op": "alarm", "ms": wait}:
                self._alarm(room, wait)
            case {"op": "alarms", "ms": wait}:
                self._alarm(room, wait, every=True)
            case {"op": "spin", "ms": wait}:
                end_ns = self.world.moment_ns + wait * MILLISECOND
                self._works.append(Work(self.world.moment_ns, end_ns, room.ctx))
                self._do(end_ns, lambda: self._push(socket, json.dumps(answer)))
                return
            case {"op": "close", "code": code, "reason": reason}:
                self._close(socket, code, reason, message.get("ms", 0))
                return
            case {"op": "break"}:
                self._break(socket)
                return
        self._push(socket, json.dumps(answer))

    def _push(self, socket: Socket, payload: Payload) -> None:
        if socket in self._sockets:
            self._later(LINK_NS, lambda: socket.client.hears(payload))

    def _close(self, socket: Socket, code: int, reason: str, wait: int) -> None:
        def strike() -> None:
            if socket in self._sockets:
                self._sockets.remove(socket)
                self._later(LINK_NS, lambda: socket.client.hears_close(code, reason))

        self._do(self.world.moment_ns + wait * MILLISECOND, strike)

    def _break(self, socket: Socket) -> None:
        self._sockets.remove(socket)
        self._later(LINK_NS, socket.client.hears_end)

    def _time(self, room: Room, wait: int, action: Callable[[], object]) -> None:
        """Do something after so many milliseconds; a timer keeps its object in memory."""
        name = f"setTimeout {self.world.moment_ns}"
        self._pin(room, name)

        def strike() -> None:
            if self._rooms.get(room.id) is room:
                del room.pins[name]
                room.last_activity_ns = self.world.moment_ns
                action()
                self._wind(room)

        self._do(self.world.moment_ns + wait * MILLISECOND, strike)

    def _slowly(self, room: Room, query: dict[str, str], action: Callable[[], object]) -> None:
        """Do something at once, or after the milliseconds that a query asks for."""
        if "slow" in query:
            self._time(room, int(query["slow"]), action)
        else:
            action()

    def _pin(self, room: Room, name: str) -> None:
        at_ns = self._at(self.world.moment_ns)
        room.pins[name] = Pin("timer", name, at_ns, name.split(maxsplit=1)[0], "room.ts", 12)
        self._is_timed(room, name.split(maxsplit=1)[0])

    def _is_timed(self, room: Room, name: str) -> None:
        if not room.is_timed:
            room.is_timed = True
            self._lines.append(Timed(self._process, room.ctx, room.id, self._at(self.world.moment_ns), name))

    def _alarm(self, room: Room, wait: int, *, every: bool = False) -> None:
        self._is_timed(room, "alarm")

        def strike() -> None:
            self._alarms.pop(room.id, None)
            woken = self._deliver(room.id, "alarm")
            if every:
                self._alarm(woken, wait, every=True)
            for socket in [each for each in self._sockets if each.object_id == room.id]:
                self._push(socket, json.dumps({"event": "alarm"}))

        if (earlier := self._alarms.pop(room.id, None)) is not None:
            earlier.cancel()
        self._alarms[room.id] = self._do(self.world.moment_ns + wait * MILLISECOND, strike)

    # --- residency

    def _deliver(self, object_id: str, name: str) -> Room:
        """Let an event reach an object, which comes into memory for it."""
        now_ns = self.world.moment_ns
        room = self._rooms.get(object_id)
        if room is None:
            self._contexts += 1
            room = self._rooms[object_id] = Room(object_id, self._contexts, now_ns, now_ns, now_ns)
            self._lines.append(Entered(self._process, room.ctx, "main", object_id, self._at(now_ns), name))
        room.last_event_ns = room.last_activity_ns = now_ns
        self._lines.append(Delivered(self._process, room.ctx, object_id, self._at(now_ns), name))
        self._wind(room)
        return room

    def _wind(self, room: Room) -> None:
        """Start the idle timer anew."""
        if room.idle is not None:
            room.idle.cancel()

        def strike() -> None:
            if self._rooms.get(room.id) is room and not room.pins:
                self._leave(room)

        room.idle = self._do(self.world.moment_ns + IDLE_NS, strike)

    def _leave(self, room: Room, how: Literal["ended", "died"] = "ended") -> None:
        del self._rooms[room.id]
        at_ns, event_ns = self._at(self.world.moment_ns), self._at(room.last_event_ns)
        activity_ns = self._at(room.last_activity_ns)
        self._lines.append(Left(self._process, room.ctx, room.id, at_ns, event_ns, activity_ns, how, self.callers))
        # The trace is written out when a context ends.
        self._later(LINK_NS, self._flush)

    def _end_of_process(self) -> None:
        for room in [*self._rooms.values()]:
            self._leave(room, "died")
        for socket in [*self._sockets]:
            self._break(socket)
        for alarm in self._alarms.values():
            alarm.cancel()
        self._alarms.clear()

    def _flush(self) -> None:
        lines, self._lines = self._lines, []
        for change in lines:
            if not isinstance(change, (Entered, Delivered, Left, Timed)):
                continue
            self._seen[change.object_id] = None
            listener = self._listeners.get(change.object_id, self._others)
            if listener is not None:
                listener(change)

    def _at(self, world_ns: int) -> int:
        """Return a time of the world in the trace's clock."""
        return world_ns - self._started_ns

    # --- time

    def _later(self, wait_ns: int, action: Callable[[], object]) -> None:
        """Let something happen outside of the runtime: a frame arrives, a line of the trace is read."""
        loop = asyncio.get_running_loop()

        # A frame is handled one turn of the loop after it was read, as by `websockets`.
        def read() -> None:
            loop.call_soon(loop.call_soon, action)

        self.world.at(self.world.moment_ns + wait_ns, read)

    def _do(self, at_ns: int, action: Callable[[], None]) -> Due:
        """Let the runtime do something at a time, or as soon as it serves anybody again."""
        process = self._process

        def happen() -> None:
            if (
                self._hangs_at_ns is not None
                or self._death is not None
                or process != self._process
                or due.action is None
            ):
                return
            now_ns = self.world.moment_ns
            free_ns = max((each.to_ns for each in self._works if each.from_ns <= now_ns < each.to_ns), default=now_ns)
            if free_ns > now_ns:
                self.world.at(free_ns, happen)
            else:
                action()

        due = self.world.at(at_ns, happen)
        return due


def settle(future: "asyncio.Future[Result]", result: Result) -> None:
    """Set the result of a future, unless it has one."""
    if not future.done():
        future.set_result(result)
