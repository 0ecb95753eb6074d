"""A runtime as a target: its trace, evictions and restarts, and the ways to it.

It behaves as workerd was measured to (poc_cli/targets, poc_cli/residency), as far as the engine can see.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx

from poc_cli.clients.client import Payload
from poc_cli.errors import TargetError
from poc_cli.history.late_stretch import Stretch
from poc_cli.residency import Change, Pin, Stay
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
from tests.support.fake_runtime import (
    CLASSES,
    FENCE_NS,
    LINK_NS,
    MILLISECOND,
    NOT_SERVED,
    RESTARTS_NS,
    SOCKET_EVENT,
    FakeRuntime,
    Json,
    Socket,
    settle,
)
from tests.support.virtual import SECOND, World

if TYPE_CHECKING:
    from tests.support.fake_client import FakeClient


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


class FakeTarget(FakeRuntime):
    """A runtime with its trace."""

    kind = "local"

    def __init__(self, world: World, attendance: Attendance, number: int = 1, *, traced: bool = True) -> None:
        """Take its world, who notes when it was late, and its number in the run."""
        super().__init__(world, number)
        self.number: int | None = number
        self.is_connected_to_itself: bool | None = None
        self.yardstick_ms: float | None = None
        self.url = "http://fake"
        self.endpoint: Endpoint = FakeEndpoint(self)
        self.oracle: Oracle = "trace" if traced else "instance"
        self.abilities: frozenset[Ability] = LOCAL_ABILITIES if traced else LOCAL_ABILITIES - {"trace", "evict"}
        self.headers: dict[str, str] = {}
        self.versions = {"workerd": "fake"}
        self.compatibility_date: str | None = "2026-10-01"
        self.shared_object: str | None = None
        """An object that no play names and that several have used."""

        self.eviction: Eviction | None = None
        """How evictions come out instead, and what they do not do then."""

        self._attendance = attendance
        self.outputs = OutputListeners()
        self._moved = asyncio.Event()
        self._last_fence_ns = 0
        self._pulse: asyncio.Future[int] | None = None

    # --- what befalls it

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

    def watch_others(self, listener: Callable[[Change], None] | None) -> None:
        """Call `listener` with the changes of all other objects."""
        self._others = listener

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
            self._later(FENCE_NS, partial(settle, answered, at_ns))

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

    def shared_with_others(self, own: Collection[str]) -> str | None:  # noqa: ARG002
        """Return what a test has set."""
        return self.shared_object

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

    async def wake_yardstick(self) -> float | None:
        """Return what a test has set."""
        return self.yardstick_ms

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
            self._later(FENCE_NS, partial(settle, done, found))

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

        answer = partial(settle, opened)

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
            self._do(self.world.moment_ns + LINK_NS, partial(settle, read, None))
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
            settle(answered, (status, {"path": parts.path, "bytes": len(content)}))

        def arrive() -> None:
            if "silent" not in query:
                status = int(query.get("status", "200"))
                room = self._deliver(self.object_id(CLASSES[0], parts.path.rpartition("/")[2]), "fetch")
                self._slowly(room, query, lambda: self._later(LINK_NS, lambda: answer(status)))

        if self._death is not None:
            answer(NOT_SERVED)
        self._do(self.world.now_ns + LINK_NS, arrive)
        return await answered

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
