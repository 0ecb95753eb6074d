"""The local target: the worker on raw workerd, with the runtime's own trace as the witness of residency.

Never judges: it tells what the trace says and does what it is asked.
"""

import asyncio
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from poc_cli.errors import PocError, TargetError
from poc_cli.history.redact import Redactor
from poc_cli.residency import Change, Left, Pin, Residency, Stay, WorkerContextEnded
from poc_cli.residency.identity import object_id
from poc_cli.target.address import Address, environment
from poc_cli.target.base import Ability, Eviction, Fault, TargetDied, TargetDropped, TargetHung
from poc_cli.target.patience import answered
from poc_cli.target.process import Place, Process, ending, spawn
from poc_cli.target.pump import LinePump
from poc_cli.target.sidecar import LOOK_INTO_LOG, Sidecar
from poc_cli.target.starting import Failure, not_started
from poc_cli.target.subject import Subject
from poc_cli.target.workers import Workers

LISTENS_WITHIN_SECONDS = 10.0
"""workerd says where it listens after 31 ms (median); a busy machine takes longer."""

ENDS_WITHIN_SECONDS = 1.0
"""A process that breaks its connections because it dies is gone within a millisecond; a busy machine takes longer."""

_OUR_SOCKETS = frozenset({"fence", "evict"})
_LAST_WORDS = 20  # lines of the log that an error tells


@dataclass(frozen=True, slots=True)
class Ground:
    """What all runtimes of a run share: the program, where evidence goes, and the numbers of their processes."""

    binary: Path
    worker: Subject
    workers: Workers
    folder: Path
    redactor: Redactor
    token: str
    address: Address
    versions: dict[str, str]
    numbers: Iterator[int]


class Workerd:
    """A runtime: one workerd process at a time, on one disk."""

    kind = "local"
    abilities: frozenset[Ability] = frozenset({"idle", "evict", "trace", "crash", "restart", "deploy"})

    def __init__(self, place: Place, ground: Ground) -> None:
        """Take where it lives; nothing is started yet."""
        self.url = ""
        self.headers = place.worker.headers(ground.token)
        self.versions = ground.versions | place.worker.tools
        self.compatibility_date = place.worker.compatibility_date
        self._place = place
        self._ground = ground
        self._version = 1
        self._running: _Running | None = None
        self._listeners: dict[str, Callable[[Change], None]] = {}
        self._seen: dict[str, None] = {}

    # --- the life of the processes

    async def start(self, process: Process | None = None) -> None:
        """Start the process, or take over one that was, and wait until it listens.

        Raises TargetError with what workerd said where it does not come up.
        """
        if process is None:
            variables = environment(self._ground.token, self._ground.address, self._version)
            process = spawn(self._ground.binary, self._place, variables)
        self._running = _Running(process, self._ground, next(self._ground.numbers), self._tell)
        self.url = await self._running.listen()

    async def restart(self, fault: Fault) -> None:
        """Replace the process on the same disk: stopped, killed, or with POC_VERSION raised."""
        # What has not been written to the trace dies with a process that is killed.
        await self.fence()
        await self._now.end(gently=fault != "crash")
        self._version += fault == "deploy"
        await self.start()

    async def stop(self) -> None:
        """End the process, read its pipes to the end, and remove its folder."""
        if self._running is not None:
            # At once: its disk goes with it, and with an open socket it would wait in vain to be asked (RUNTIME 26).
            await self._running.end(gently=False)
        self._place.remove()

    @property
    def _now(self) -> "_Running":
        if self._running is None:
            raise TargetDied("workerd is not running")
        return self._running

    # --- residency

    def watch(self, object_id: str, listener: Callable[[Change], None]) -> None:
        """Call `listener` with each change of that object's residency from now on."""
        self._listeners[object_id] = listener

    def unwatch(self, object_id: str) -> None:
        """Stop calling."""
        self._listeners.pop(object_id, None)

    def object_id(self, class_name: str, name: str) -> str:
        """Give the hex id of a named object without touching it. Raises TargetError for an unknown class."""
        unique_key = self._place.worker.namespaces.get(class_name)
        if unique_key is None:
            known = ", ".join(sorted(self._place.worker.namespaces))
            raise TargetError(f'the worker has no Durable Object class "{class_name}"', f"it declares {known}")
        return object_id(unique_key, name)

    def class_of(self, object_id: str) -> str | None:
        """Give the class that an id proves itself to be of, None for one of no class that the worker declares."""
        return self._place.worker.class_of(object_id)

    def stay(self, object_id: str) -> Stay | None:
        """Give the object's present stay in memory, as of the last fence."""
        return self._now.residency.stay(object_id)

    def pins(self, object_id: str, at_least_ns: int) -> tuple[Pin, ...]:
        """Give what has been pending in the object for so long, as of the last fence."""
        residency = self._now.residency
        return residency.pins(object_id, residency.latest_ns, at_least_ns)

    def alarm_due_ns(self, object_id: str) -> int | None:
        """Give when the object's alarm is due, in the trace's clock; None without one, as of the last fence."""
        return self._now.residency.alarm_due_ns(object_id)

    def seen(self) -> tuple[str, ...]:
        """Give the ids of all objects of the worker's that were in memory at some time."""
        return tuple(each for each in self._seen if self._place.worker.owns(each))

    def _tell(self, change: Change) -> None:
        if isinstance(change, WorkerContextEnded):
            return
        self._seen[change.object_id] = None
        listener = self._listeners.get(change.object_id)
        if listener is not None:
            listener(change)

    # --- the side-car

    async def fence(self) -> int:
        """Give the trace's clock once everything that happened before the call has been read from the trace."""
        return await self._now.fence()

    async def evict(self, class_name: str, object_id: str, *, close: bool = False) -> Eviction:
        """Have the object leave memory. Waits for the runtime's answer up to 31 s."""
        return await self._now.sidecar.evict(class_name, object_id, close=close)


class _Running:
    """One process of a runtime and everything that is read from it."""

    def __init__(self, process: Process, ground: Ground, number: int, tell: Callable[[Change], None]) -> None:
        """Take over the process's pipes and read them from now on."""
        self.residency = Residency(number, process.place.worker.locate)
        self.sidecar = Sidecar(process.place.folder)
        self._process = process
        self._binary = ground.binary
        self._tell = tell
        self._ending = False
        self._last_words: list[bytes] = []
        self._fences_sent = 0
        self._fences_ended = 0
        self._fence_moved = asyncio.Event()
        self._fence_running: asyncio.Task[int] | None = None
        self._fence_queued: asyncio.Task[int] | None = None
        traces = ground.folder / "trace"
        traces.mkdir(exist_ok=True)
        self._trace = LinePump(process.trace, traces / f"{number}.jsonl", ground.redactor, self._traced)
        self._log = LinePump(process.log, ground.folder / "worker.log", ground.redactor, self._logged)

    async def listen(self) -> str:
        """Give the URL once the sockets listen. Raises TargetError with what workerd said."""
        ports = await self._ports()
        if ports is not None:
            return f"http://127.0.0.1:{ports[self._process.place.worker.entry]}"
        code = await self._ended()
        await self.end(gently=False)
        said = b"\n".join(self._last_words).decode("utf-8", "replace").strip()
        failure = Failure(self._binary, self._process.place.worker.folder, said, code)
        raise await asyncio.to_thread(not_started, failure)

    async def _ports(self) -> dict[str, int] | None:
        wanted = _OUR_SOCKETS | {self._process.place.worker.entry}
        ports: dict[str, int] = {}
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(self._process.control, "rb", buffering=0)  # closed with the transport
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            async with asyncio.timeout(LISTENS_WITHIN_SECONDS):
                while not ports.keys() >= wanted:
                    line = await reader.readline()
                    if not line:
                        return None
                    said = json.loads(line)
                    ports[said["socket"]] = said.get("port", 0)
        except (TimeoutError, ValueError, LookupError, TypeError):  # too late, or not what workerd would say
            return None
        finally:
            transport.close()
        return ports

    async def end(self, *, gently: bool) -> None:
        """End the process and read its pipes to the end. What leaves memory by this has died, not slept."""
        self._ending = True
        await self.sidecar.close()
        await asyncio.to_thread(self._process.end, gently=gently) if gently else self._process.end(gently=False)
        for pump in (self._trace, self._log):
            pump.drain()
            pump.close()
        self._end_of_process()

    def _end_of_process(self) -> None:
        for change in self.residency.end_of_process():
            self._tell(change)

    def _logged(self, line: bytes) -> None:
        self._last_words = [*self._last_words[1 - _LAST_WORDS :], line]

    def _traced(self, line: bytes) -> None:
        for change in self.residency.feed(line):
            if isinstance(change, WorkerContextEnded):
                if change.worker == self._process.place.services.fence:
                    self._fences_ended += 1
                    self._fence_moved.set()
            elif isinstance(change, Left) and self._ending:
                # A runtime that is told to end writes the same line as for a sleep (measured).
                self._tell(replace(change, how="died"))
            else:
                self._tell(change)

    async def fence(self) -> int:
        """Give the trace's clock once everything that happened before the call has been read from the trace.

        The trace is buffered in workerd and written out when a context ends (measured), so a request to the side-car
        brings everything before it. Callers that wait for one that has not been sent yet share it.
        """
        if self._fence_queued is None:
            self._fence_queued = asyncio.create_task(self._fence_after(self._fence_running))
            # Those who waited may all be gone by the time it fails.
            self._fence_queued.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._fence_queued)

    async def _fence_after(self, running: asyncio.Task[int] | None) -> int:
        if running is not None:
            await asyncio.wait([running])
        self._fence_running, self._fence_queued = self._fence_queued, None
        return await self._fence_now()

    async def _fence_now(self) -> int:
        self._raise_if_dead()
        self._fences_sent += 1
        number = self._fences_sent
        try:
            await self.sidecar.answer()
            await self._traced_up_to(number)
        except TargetDropped:
            await self._ended()
            self._raise_if_dead()
            raise
        except TargetHung:
            self._raise_if_dead()
            raise
        return self.residency.latest_ns

    async def _traced_up_to(self, fence: int) -> None:
        async def reading() -> None:
            while self._fences_ended < fence:
                self._fence_moved.clear()
                await self._fence_moved.wait()

        if not await answered(asyncio.ensure_future(reading())):
            raise TargetHung("the runtime's trace stopped", LOOK_INTO_LOG)

    async def _ended(self) -> int | None:
        """Give how the process ended, None where it lives: its connections break a moment before that is known."""
        with suppress(subprocess.TimeoutExpired):
            return await asyncio.to_thread(self._process.popen.wait, ENDS_WITHIN_SECONDS)
        return None

    def _raise_if_dead(self) -> None:
        for pump in (self._trace, self._log):
            if pump.failure is not None:
                raise PocError(pump.failure.message, pump.failure.advice)
        code = self._process.popen.poll()
        if code is not None:
            self._end_of_process()
            raise TargetDied(f"workerd {ending(code)}, which nobody had asked of it", LOOK_INTO_LOG)
