"""The local target: the worker on raw workerd, with the runtime's own trace as the witness of residency.

Never judges: it tells what the trace says and does what it is asked.
"""

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path

from poc_cli.errors import PocError, TargetError
from poc_cli.history.redact import Redactor
from poc_cli.residency import Change, Pin, Residency, Stay, WorkerContextEnded
from poc_cli.residency.identity import object_id
from poc_cli.target.base import Ability, Eviction, TargetDied, TargetHung
from poc_cli.target.process import Process, Subject
from poc_cli.target.pump import LinePump
from poc_cli.target.sidecar import ANSWERS_WITHIN_SECONDS, Sidecar

LISTENS_WITHIN_SECONDS = 10.0
"""workerd says where it listens after 31 ms (median); a busy machine takes longer."""

_SOCKETS = 3


class Workerd:
    """A running workerd; made by `attach`."""

    kind = "local"
    abilities: frozenset[Ability] = frozenset({"idle", "evict", "trace"})

    def __init__(self, process: Process, worker: Subject, number: int, token: str, versions: dict[str, str]) -> None:
        """Take what was started; `number` tells the processes of one run apart."""
        self.url = ""
        self.headers = {"Authorization": f"Bearer {token}"}
        self.versions = versions
        self.compatibility_date: str | None = None
        self._process = process
        self._worker = worker
        self._residency = Residency(number)
        self._listeners: dict[str, Callable[[Change], None]] = {}
        self._classes: dict[str, str] = {}
        self._sidecar = Sidecar(process.folder)
        self._pumps: list[LinePump] = []
        self._fences_ended = 0
        self._fences_sent = 0
        self._fence_moved = asyncio.Event()
        self._fence_running: asyncio.Task[int] | None = None
        self._fence_queued: asyncio.Task[int] | None = None

    # --- the life of the process

    async def start(self, folder: Path, redactor: Redactor) -> None:
        """Read the pipes into `folder` and wait until the sockets listen. Raises TargetError with what workerd said."""
        log_lines: list[bytes] = []
        process = self._process
        (folder / "trace").mkdir(exist_ok=True)
        trace_file = folder / "trace" / f"{self._residency.process}.jsonl"
        self._trace = LinePump(process.trace, trace_file, redactor, self._traced)
        self._log = LinePump(process.log, folder / "worker.log", redactor, log_lines.append)
        ports = await self._listening()
        if ports is None:
            self._log.drain()
            said = b"\n".join(log_lines[-20:]).decode("utf-8", "replace").strip()
            raise TargetError(
                f"workerd did not start on {self._worker.folder}: {said or 'it said nothing'}",
                "mend the worker; the first error line names the place",
            )
        self.url = f"http://127.0.0.1:{ports['http']}"

    async def _listening(self) -> dict[str, int] | None:
        ports: dict[str, int] = {}
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(self._process.control, "rb", buffering=0)  # closed with the transport
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            async with asyncio.timeout(LISTENS_WITHIN_SECONDS):
                while len(ports) < _SOCKETS:
                    line = await reader.readline()
                    if not line:
                        return None
                    said = json.loads(line)
                    ports[said["socket"]] = said.get("port", 0)
        except TimeoutError:
            return None
        finally:
            transport.close()
        return ports

    async def stop(self) -> None:
        """End the process and read its pipes to the end."""
        await self._sidecar.close()
        alive = self._process.popen.poll() is None
        self._process.stop(gently=alive and not self._hung)
        for pump in (self._trace, self._log):
            pump.drain()
            pump.close()

    @property
    def _hung(self) -> bool:
        return self._fences_sent > self._fences_ended

    # --- residency

    def watch(self, object_id: str, listener: Callable[[Change], None]) -> None:
        """Call `listener` with each change of that object's residency from now on."""
        self._listeners[object_id] = listener

    def unwatch(self, object_id: str) -> None:
        """Stop calling."""
        self._listeners.pop(object_id, None)

    def object_id(self, class_name: str, name: str) -> str:
        """Give the hex id of a named object without touching it. Raises TargetError for an unknown class."""
        unique_key = self._worker.namespaces.get(class_name)
        if unique_key is None:
            known = ", ".join(sorted(self._worker.namespaces))
            raise TargetError(f'the worker has no Durable Object class "{class_name}"', f"it declares {known}")
        found = object_id(unique_key, name)
        self._classes[found] = class_name
        return found

    def class_of(self, object_id: str) -> str | None:
        """Give the class of an object that was seen, as far as its name was computed here."""
        return self._classes.get(object_id)

    def stay(self, object_id: str) -> Stay | None:
        """Give the object's present stay in memory, as of the last fence."""
        return self._residency.stay(object_id)

    def pins(self, object_id: str, at_least_ns: int) -> tuple[Pin, ...]:
        """Give what has been pending in the object for so long, as of the last fence."""
        return self._residency.pins(object_id, self._residency.latest_ns, at_least_ns)

    def seen(self) -> tuple[str, ...]:
        """Give the ids of all objects that were in memory at some time."""
        return tuple(self._residency.seen)

    def _traced(self, line: bytes) -> None:
        for change in self._residency.feed(line):
            self._tell(change)

    def _tell(self, change: Change) -> None:
        if isinstance(change, WorkerContextEnded):
            if change.worker == self._process.services.fence:
                self._fences_ended += 1
                self._fence_moved.set()
            return
        listener = self._listeners.get(change.object_id)
        if listener is not None:
            listener(change)

    # --- the side-car

    async def fence(self) -> int:
        """Give the trace's clock once everything that happened before the call has been read from the trace.

        The trace is buffered in workerd and written out when a context ends (measured), so a request to the side-car
        brings everything before it. Callers that wait for one that has not been sent yet share it.
        """
        if self._fence_queued is None:
            self._fence_queued = asyncio.create_task(self._fence_after(self._fence_running))
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
            await self._sidecar.answer()
            async with asyncio.timeout(ANSWERS_WITHIN_SECONDS):
                while self._fences_ended < number:
                    self._fence_moved.clear()
                    await self._fence_moved.wait()
        except (TargetHung, TimeoutError) as error:
            self._raise_if_dead()
            if isinstance(error, TargetHung):
                raise
            raise TargetHung("the runtime's trace stopped", "the worker's log is in the run folder") from error
        return self._residency.latest_ns

    def _raise_if_dead(self) -> None:
        for pump in (self._trace, self._log):
            if pump.failure is not None:
                raise PocError(pump.failure.message, pump.failure.advice)
        code = self._process.popen.poll()
        if code is not None:
            for change in self._residency.end_of_process():
                self._tell(change)
            raise TargetDied(f"workerd ended by itself (exit code {code})", "its last words are in worker.log")

    async def evict(self, class_name: str, object_id: str) -> Eviction:
        """Have the object leave memory while its sockets stay open. Waits for the runtime's answer up to 31 s."""
        return await self._sidecar.evict(class_name, object_id)
