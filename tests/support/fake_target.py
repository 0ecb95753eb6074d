"""A runtime in memory, on virtual time: rooms with an idle timer, a trace, evictions, and clients that reach them.

It behaves as workerd was measured to (poc_cli/target, poc_cli/residency), as far as the engine can see. What happens
in the runtime happens at its own time, even while the event loop stands still; while the runtime itself stands still,
nothing does, and it is late afterwards.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

import httpx
from websockets.exceptions import ConnectionClosedError

from poc_cli.clients.client import CannotOpen, Ending, InTime, Listener, Payload, Sendable
from poc_cli.clients.inbox import Inbox
from poc_cli.errors import TargetError
from poc_cli.history.late_stretch import Stretch
from poc_cli.residency import Caller, Change, Delivered, Entered, Left, Pin, Stay, Timed
from poc_cli.scenario.abilities import LOCAL_ABILITIES, Ability
from poc_cli.targets.attendance import Attendance
from poc_cli.targets.base import (
    EVICT_LINGERS_SECONDS,
    Eviction,
    Fault,
    Oracle,
    TargetDied,
    TargetHung,
)
from poc_cli.targets.deadlines import HANGS_AFTER_SECONDS
from poc_cli.targets.endpoint import Dial, Endpoint
from poc_cli.targets.output_listeners import OutputListeners
from poc_cli.targets.runtime_context import FENCE_LATE_NS, PULSE_SECONDS
from poc_cli.targets.worker_output import Output
from tests.support.virtual import SECOND, Due, Result, World

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


class FakeEndpoint(Endpoint):
    """The way to a fake runtime, for WebSockets and requests."""

    __slots__ = ("_target",)

    def __init__(self, target: "FakeTarget") -> None:
        """Take the runtime."""
        super().__init__("http://fake")
        object.__setattr__(self, "_target", target)

    @property
    def target(self) -> "FakeTarget":
        """Return the runtime."""
        found: FakeTarget = object.__getattribute__(self, "_target")
        return found

    def socket(self, path: str) -> Dial:
        """Return how a WebSocket to a path is opened, for `FakeClient` alone."""
        return Dial(f"ws://fake{path}", {"target": self.target})

    def client(self, timeout: float) -> httpx.AsyncClient:
        """Return a client for requests."""
        return httpx.AsyncClient(transport=_Requests(self.target, timeout), trust_env=False)


class _Requests(httpx.AsyncBaseTransport):
    """Hands requests to a fake runtime."""

    def __init__(self, target: "FakeTarget", timeout: float) -> None:
        self._target = target
        self._timeout = timeout

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        try:
            async with asyncio.timeout(self._timeout):
                status, body = await self._target.request(request.url.raw_path.decode(), request.content)
        except TimeoutError as error:
            raise httpx.ReadTimeout("timed out") from error
        if status == NOT_SERVED:
            raise httpx.ConnectError("refused")
        return httpx.Response(status, json=body)


class FakeTarget:
    """A runtime with its trace."""

    kind = "local"

    def __init__(self, world: World, attendance: Attendance, number: int = 1, *, traced: bool = True) -> None:
        """Take its world, who notes when it was late, and its number in the run."""
        self.number: int | None = number
        self.callers: tuple[Caller, ...] = ()
        """Who is said to have called each object that leaves memory."""
        self.is_connected_to_itself: bool | None = None
        self.url = "http://fake"
        self.endpoint: Endpoint = FakeEndpoint(self)
        self.oracle: Oracle = "trace" if traced else "instance"
        self.abilities: frozenset[Ability] = LOCAL_ABILITIES if traced else LOCAL_ABILITIES - {"trace", "evict"}
        self.headers: dict[str, str] = {}
        self.versions = {"workerd": "fake"}
        self.compatibility_date: str | None = "2026-10-01"
        self.eviction: Eviction | None = None
        """How evictions come out instead, and what they do not do then."""

        self.world = world
        self._attendance = attendance
        self._rooms: dict[str, Room] = {}
        self._disk: dict[str, Json] = {}
        self._sockets: list[Socket] = []
        self._alarms: dict[str, Due] = {}
        self._listeners: dict[str, Callable[[Change], None]] = {}
        self.outputs = OutputListeners()
        self._seen: dict[str, None] = {}
        self._lines: list[Change] = []
        self._contexts = 0
        self._process = number * 100
        self._started_ns = world.now_ns
        self._works: list[Work] = []
        self._hangs_at_ns: int | None = None
        self._death: TargetDied | None = None
        self._moved = asyncio.Event()
        self._last_fence_ns = 0
        self._pulse: asyncio.Future[int] | None = None

    # --- what befalls it

    def stand_still(self, seconds: float, *, at_ns: int | None = None) -> None:
        """Do nothing for so long, as a process that is stopped."""
        from_ns = self.world.moment_ns if at_ns is None else at_ns
        self._works.append(Work(from_ns, from_ns + round(seconds * SECOND), None))

    def hang(self) -> None:
        """Never do anything again, which the first fence from now on shows to all others."""
        self._hangs_at_ns = self.world.now_ns + round(HANGS_AFTER_SECONDS * SECOND)
        self._moved.set()

    def die(self, *, from_outside: bool = False) -> None:
        """End, as a process that is killed or fails."""
        self._death = TargetDied("workerd ended by signal 9 unexpectedly")
        self._death.from_outside = from_outside
        self._end_of_process()
        self._moved.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FakeTarget"]:
        """Send fences twice a second for as long as the context lasts, as for a runtime of this machine."""
        beats = asyncio.create_task(self._beat())
        try:
            yield self
        finally:
            beats.cancel()
            await asyncio.wait([beats])

    # --- Target

    @property
    def trace(self) -> "FakeTarget | None":
        """Return the trace; None where it is none that is read."""
        return self if self.oracle == "trace" else None

    async def settled(self) -> None:
        """Return once everything that happened before the call has been read from the trace."""
        await self.fence()

    async def restart(self, fault: Fault, max_delay: float | None = None, *, back: bool = False) -> None:  # noqa: ARG002 - all faults are alike from here
        """Replace the process: everything in memory is lost, and every connection breaks."""
        await self.fence()
        self._end_of_process()
        self._flush()
        done = asyncio.get_running_loop().create_future()
        self.world.at(self.world.now_ns + RESTARTS_NS, lambda: done.set_result(None))
        await done
        self._process += 1
        self._started_ns = self.world.now_ns

    # --- Trace

    def watch(self, object_id: str, listener: Callable[[Change], None]) -> None:
        """Call `listener` with each change of that object's residency from now on."""
        self._listeners[object_id] = listener

    def unwatch(self, object_id: str) -> None:
        """Stop calling."""
        self._listeners.pop(object_id, None)

    def listen(self, marks: Collection[str], listener: Callable[[Output], None]) -> None:
        """Call `listener` with what is reported for these marks from now on."""
        self.outputs.add(marks, listener)

    def unlisten(self, marks: Collection[str]) -> None:
        """Stop calling."""
        self.outputs.remove(marks)

    def at_ns(self, unix_ms: int) -> int | None:
        """Return the time on the trace's clock, which began in 1970."""
        return unix_ms * MILLISECOND

    def object_id(self, class_name: str, name: str) -> str:
        """Return the id of a named object. Raises TargetError for an unknown class."""
        if class_name not in CLASSES:
            raise TargetError(f'the worker has no Durable Object class "{class_name}"', "it declares Room")
        return hashlib.sha256(name.encode()).hexdigest()

    def class_of(self, object_id: str) -> str | None:
        """Return the class of an id."""
        return CLASSES[0] if object_id in self._seen else None

    async def fence(self) -> int:
        """Return the trace's clock once everything that happened before has been read from the trace."""
        before_ns = self.world.now_ns
        answered: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def answer() -> None:
            at_ns = self._at(self.world.moment_ns)
            self._later(FENCE_NS, self._flush)
            self._later(FENCE_NS, partial(_settle, answered, at_ns))

        self._do(before_ns + FENCE_NS, answer)
        moved: asyncio.Task[bool] | None = None
        try:
            while not answered.done():
                if self._death is not None:
                    self._flush()
                    raise self._death
                left = None if self._hangs_at_ns is None else (self._hangs_at_ns - self.world.now_ns) / SECOND
                if left is not None and left <= 0:
                    raise TargetHung(f"the runtime has not answered for {HANGS_AFTER_SECONDS:g} s")
                self._moved.clear()
                moved = asyncio.ensure_future(self._moved.wait())
                both: list[asyncio.Future[Any]] = [answered, moved]
                await asyncio.wait(both, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                moved.cancel()
        finally:
            if moved is not None:
                moved.cancel()
        self._look_for_lateness(before_ns)
        return answered.result()

    async def pulse(self) -> int:
        """Return what the next of the fences gives that are sent twice a second anyway; raises what it raises."""
        if self._pulse is None:
            self._pulse = asyncio.get_running_loop().create_future()
            self._pulse.add_done_callback(lambda pulse: pulse.cancelled() or pulse.exception())
        return await asyncio.shield(self._pulse)

    def stay(self, object_id: str) -> Stay | None:
        """Return the object's present stay in memory."""
        room = self._rooms.get(object_id)
        if room is None:
            return None
        return Stay(self._at(room.entered_ns), self._at(room.last_event_ns), self._at(room.last_activity_ns))

    def pins(self, object_id: str, at_least_ns: int) -> tuple[Pin, ...]:
        """Return what has been pending in the object for so long."""
        room = self._rooms.get(object_id)
        now_ns = self._at(self.world.now_ns)
        return () if room is None else tuple(p for p in room.pins.values() if now_ns - p.since_ns >= at_least_ns)

    def connects_to_itself(self) -> bool | None:
        """Return what a test has set."""
        return self.is_connected_to_itself

    def alarm_due_ns(self, object_id: str) -> int | None:
        """Return when the object's alarm is due, in the trace's clock; None without one."""
        due = self._alarms.get(object_id)
        return None if due is None else self._at(due.at_ns)

    def seen(self) -> tuple[str, ...]:
        """Return the ids of all objects that were in memory at some time."""
        return tuple(self._seen)

    async def evict(self, class_name: str, object_id: str, *, close: bool = False) -> Eviction:  # noqa: ARG002
        """Have the object leave memory, its sockets staying open or closed with it. Waits up to 31 s."""
        done: asyncio.Future[Eviction] = asyncio.get_running_loop().create_future()

        def strike() -> None:
            found = self.eviction
            if found is None and object_id not in self._rooms:
                found = Eviction("not_running", "the object is not running")
            if found is None:
                found = Eviction("evicted", "")
                self._leave(self._rooms[object_id])
                for socket in [each for each in self._sockets if close and each.object_id == object_id]:
                    self._break(socket)
            self._later(FENCE_NS, partial(_settle, done, found))

        self._do(self.world.now_ns + FENCE_NS, strike)
        try:
            async with asyncio.timeout(EVICT_LINGERS_SECONDS):
                return await done
        except TimeoutError:
            return Eviction("no_answer", "")

    # --- connections

    def connect(self, client: "FakeClient", path: str, opened: "asyncio.Future[int | None]") -> None:
        """Let a client in, or refuse it with a status, as the query of its path says."""
        parts = urlsplit(path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}

        answer = partial(_settle, opened)

        def arrive() -> None:
            if "silent" in query:
                return
            if "refuse" in query:
                self._later(LINK_NS, lambda: answer(int(query["refuse"])))
                return
            socket = Socket(self.object_id(CLASSES[0], parts.path.rpartition("/")[2]), client, "deaf" in query)
            room = self._deliver(socket.object_id, "fetch")
            client.socket = socket

            def let_in() -> None:
                self._sockets.append(socket)
                self._later(LINK_NS, self._flush)  # the context of the Worker that led here has ended
                self._later(LINK_NS, lambda: answer(None))

            self._slowly(room, query, let_in)

        if self._death is not None:
            self._later(LINK_NS, lambda: answer(NOT_SERVED))
        else:
            self._do(self.world.moment_ns + LINK_NS, arrive)

    def receive(self, socket: Socket, payload: Payload) -> None:
        """Take a message of a client, which is still on its way."""

        def arrive() -> None:
            if socket not in self._sockets or socket.is_deaf:
                return
            if payload == "ping":
                self._push(socket, "pong")  # the runtime's own auto-response
                return
            room = self._deliver(socket.object_id, SOCKET_EVENT)
            message = json.loads(payload)
            self._handle(room, socket, message)

        self._do(self.world.moment_ns + LINK_NS, arrive)

    async def has_read(self, socket: Socket) -> None:
        """Return once it has read what is on its way on a connection now."""
        read: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if not socket.is_deaf:
            self._do(self.world.moment_ns + LINK_NS, partial(_settle, read, None))
        await read

    def receive_close(self, socket: Socket, code: int, reason: str) -> None:
        """Take a close frame of a client, which is still on its way, and answer it."""

        def arrive() -> None:
            if socket in self._sockets and not socket.is_deaf:
                self._sockets.remove(socket)
                self._deliver(socket.object_id, SOCKET_EVENT)
                self._later(LINK_NS, lambda: socket.client.hears_close(code, reason))

        self._do(self.world.moment_ns + LINK_NS, arrive)

    def lose(self, socket: Socket) -> None:
        """Take notice of a connection that its client has dropped."""

        def arrive() -> None:
            if socket in self._sockets:
                self._sockets.remove(socket)
                self._deliver(socket.object_id, SOCKET_EVENT)

        self._do(self.world.moment_ns + LINK_NS, arrive)

    async def request(self, path: str, content: bytes) -> tuple[int, Json]:
        """Answer a request; the query of its path says how: `status`, `slow` in milliseconds, or `silent`."""
        parts = urlsplit(path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        answered: asyncio.Future[tuple[int, Json]] = asyncio.get_running_loop().create_future()

        def answer(status: int) -> None:
            _settle(answered, (status, {"path": parts.path, "bytes": len(content)}))

        def arrive() -> None:
            if "silent" not in query:
                status = int(query.get("status", "200"))
                room = self._deliver(self.object_id(CLASSES[0], parts.path.rpartition("/")[2]), "fetch")
                self._slowly(room, query, lambda: self._later(LINK_NS, lambda: answer(status)))

        if self._death is not None:
            answer(NOT_SERVED)
        self._do(self.world.now_ns + LINK_NS, arrive)
        return await answered

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
            listener = self._listeners.get(change.object_id)
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

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            failure: TargetError | None = None
            now_ns = 0
            try:
                now_ns = await self.fence()
            except TargetError as error:
                failure = error
            pulse, self._pulse = self._pulse, None
            if pulse is None or pulse.done():
                continue
            if failure is None:
                pulse.set_result(now_ns)
            else:
                pulse.set_exception(failure)

    def _look_for_lateness(self, before_ns: int) -> None:
        """Note a stretch where a fence took long, as `Running` does."""
        after_ns = self.world.now_ns
        took_ns = after_ns - before_ns - self._attendance.late_ns(before_ns, after_ns)
        if took_ns > FENCE_LATE_NS:
            begun_ns = max(self._last_fence_ns, before_ns - round(PULSE_SECONDS * SECOND))
            mine = [each for each in self._works if each.from_ns < after_ns and begun_ns < each.to_ns]
            busy = [each for each in mine if each.ctx is not None]
            ran_ns = sum(min(each.to_ns, after_ns) - max(each.from_ns, before_ns) for each in busy)
            ran = max(0.0, ran_ns / (after_ns - before_ns))
            own = tuple((self._process, each.ctx) for each in busy if each.ctx is not None)
            self._attendance.add(Stretch("runtime", begun_ns, after_ns, self.number, ran, own))
        self._last_fence_ns = after_ns


def _settle(future: "asyncio.Future[Result]", result: Result) -> None:
    if not future.done():
        future.set_result(result)


class FakeClient:
    """A client of a fake runtime, in place of `SocketClient`."""

    records_openings = False

    def __init__(  # noqa: PLR0913 - the parts of a handshake
        self,
        name: str,
        dial: Dial,
        *,
        headers: dict[str, str],  # noqa: ARG002
        subprotocols: list[str],  # noqa: ARG002
        compression: bool,
        ping: float | None,  # noqa: ARG002
        listener: Listener,
    ) -> None:
        """Take where to connect; nothing is opened yet."""
        self.name = name
        self.inbox = Inbox()
        self.socket: Socket | None = None
        self._target: FakeTarget = dial.options["target"]
        self._path = dial.uri.removeprefix("ws://fake")
        self._compression = compression
        self._listener = listener
        self._is_up = False
        self._over = asyncio.Event()
        self._said = "it was not openeded"
        self._has_asked = False
        self._is_stalled = False
        self._unread: list[Callable[[], object]] = []

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self._is_up and not self._over.is_set()

    @property
    def how_it_ended(self) -> str:
        """Why messages cannot be sent any more, in a sentence."""
        return self._said

    async def open(self, within: float) -> Json:
        """Connect. Raises CannotOpen."""
        opened: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._target.connect(self, self._path, opened)
        try:
            async with asyncio.timeout(within):
                status = await opened
        except TimeoutError as error:
            raise CannotOpen(self.missing(within), in_time=False) from error
        if status == NOT_SERVED:
            raise CannotOpen("ConnectionRefusedError: nobody listens")
        if status is not None:
            raise CannotOpen(f"the server answered {status}", status)
        self._is_up = True
        return {"subprotocol": None, "compression": self._compression}

    def missing(self, within: float) -> str:
        """Return that the handshake did not end in its time."""
        return f"the handshake took more than {within:g} s"

    async def send(self, payload: Sendable) -> None:
        """Send one message, and wait until a large one has been read. Raises ConnectionClosed without a connection."""
        if not self.is_open or self.socket is None:
            raise ConnectionClosedError(None, None)
        self._target.receive(self.socket, bytes(payload) if isinstance(payload, bytearray) else payload)
        if len(payload) > BUFFERED:
            await self._target.has_read(self.socket)

    async def close(self, code: int, reason: str, in_time: InTime) -> None:
        """Close with a close frame and wait for the answer; cut the connection where none comes in time."""
        if not self._is_up or self.socket is None:
            return
        self.release()
        if not self._over.is_set():
            self._has_asked = True
            self._target.receive_close(self.socket, code, reason)
        over = asyncio.ensure_future(self._over.wait())
        try:
            await in_time(over)
        finally:
            over.cancel()
        if not self._over.is_set():
            self._end(Ending("client", NOT_SERVED, "", clean=False, description="no close frame received"))

    async def await_end(self, within: float) -> bool:
        """Wait for the connection to be ended by the other side; return whether it was in time."""
        if self._is_up and not self._over.is_set():
            ended = asyncio.ensure_future(self._over.wait())
            await asyncio.wait([ended], timeout=within)
            ended.cancel()
        return self._over.is_set()

    async def kill(self, how: Literal["fin", "rst", "process"]) -> None:
        """Drop the connection without a close frame."""
        if self.socket is not None and self.is_open:
            self._target.lose(self.socket)
            self._end(
                Ending("client", NOT_SERVED, "", clean=False, description=f"dropped by the client ({how.upper()})")
            )

    def stall(self) -> None:
        """Stop reading."""
        self._is_stalled = True

    def release(self) -> None:
        """Read on."""
        self._is_stalled = False
        unread, self._unread = self._unread, []
        for each in unread:
            each()

    def hears(self, payload: Payload) -> None:
        """Take a message that has arrived."""

        def read() -> None:
            if not self._over.is_set():
                self._listener.received(payload)

        self._read(read)

    def hears_close(self, code: int, reason: str) -> None:
        """Take a close frame that has arrived."""
        by: Literal["client", "server"] = "client" if self._has_asked else "server"
        self._read(
            lambda: self._end(Ending(by, code, reason, clean=True, description=f"received {code}; then sent {code}"))
        )

    def hears_end(self) -> None:
        """Take notice that the connection has broken."""
        self._read(
            lambda: self._end(Ending("nobody", NOT_SERVED, "", clean=False, description="no close frame received"))
        )

    def _read(self, action: Callable[[], object]) -> None:
        if self._is_stalled:
            self._unread.append(action)
        else:
            action()

    def _end(self, ending: Ending) -> None:
        if self._over.is_set():
            return
        self._said = ending.description
        self._over.set()
        self.inbox.end()
        self._listener.ended(ending)
