"""Control one workerd process: its ports, trace, log and side-car."""

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

from poc_cli.errors import PocError
from poc_cli.history.late_stretch import Stretch
from poc_cli.history.redact import Hit, Redactor
from poc_cli.residency import Change, Left, Residency, WorkerContextEnded
from poc_cli.targets.api_address import Address
from poc_cli.targets.attendance import Attendance
from poc_cli.targets.base import TargetDied, TargetDropped, TargetHung
from poc_cli.targets.console_stacks import ConsoleStacks
from poc_cli.targets.cpu_pressure import Mark, mark, spent
from poc_cli.targets.deadlines import Watch
from poc_cli.targets.line_reader import LARGEST_LOG, LARGEST_TRACE, LineReader
from poc_cli.targets.process import Process, ending
from poc_cli.targets.sidecar import LOOK_INTO_LOG, Sidecar
from poc_cli.targets.start_errors import Failure, not_started
from poc_cli.targets.worker import Worker
from poc_cli.targets.worker_output import NOISE, Output, log_text, parse
from poc_cli.targets.workers import Workers

PULSE_SECONDS: Final = 0.25
"""How often a fence is sent to each runtime, so that no stall of half a second is missed."""

REPORTED_AFTER_SECONDS: Final = 0.01
"""How long a report of an exception waits for others; a worker may throw at every message."""

FENCE_LATE_NS: Final = 250_000_000
"""The duration from which a fence is late. It takes 2 to 3 ms, and up to 0.1 s with hundreds of plays (measured)."""

ENDS_WITHIN_SECONDS = 1.0
"""A dying process exits within a millisecond after breaking its connections; a busy machine takes longer."""

_FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
"""Signals sent by the system or a person, not caused by a failure of the runtime itself."""

_OUR_SOCKETS = frozenset({"fence", "evict"})
_INSPECTOR = "listen-inspector"  # the event with its port
_CHUNKS_OF_LOG: Final = 64  # 4 MiB: a worker that logs without end must not hold up a fence
_LAST_LINES = 20  # lines of the log in an error


LogListener = Callable[[bytes, set[Hit]], None]
"""Called with a masked line and the secrets found in it."""


@dataclass(frozen=True, slots=True)
class RuntimeContext:
    """What all runtimes of a run share: the program, the run folder, and the counter for process numbers."""

    binary: Path
    worker: Worker
    workers: Workers
    folder: Path
    redactor: Redactor
    token: str
    address: Address
    versions: dict[str, str]
    numbers: Iterator[int]
    runtimes: Iterator[int] = field(default_factory=lambda: count(1))
    attendance: Attendance = field(default_factory=Attendance)
    log_listeners: list[LogListener] = field(default_factory=list)
    """Called with each log line that contained secrets."""


class Running:
    """A running workerd process and the readers of its pipes."""

    def __init__(
        self,
        process: Process,
        context: RuntimeContext,
        numbers: tuple[int, int],
        notify: Callable[[Change], None],
        report: Callable[[Output], None],
    ) -> None:
        """Take over the process's pipes and start reading. `numbers` are the runtime's and the process's.

        `notify` is called with each change of residency, `report` with what the worker threw and logged.
        """
        self._runtime, number = numbers
        self.residency = Residency(number, process.place.worker.locate, process.place.worker.sidecar.evict)
        self._watch = Watch(process.popen.pid, context.attendance)
        self.sidecar = Sidecar(process.place.folder, self._watch)
        self._process = process
        self._binary = context.binary
        self._notify = notify
        self._report = report
        self._outputs: list[Output] = []
        """What the worker put out, until the trace has been read up to it: its object may have come into memory."""
        self._reporting: asyncio.Task[None] | None = None
        self._mark = process.place.worker.sidecar.tail
        self._stacks = ConsoleStacks(process.place.worker.map_frame)
        self._ending = False
        self._last_lines: list[bytes] = []
        self.pid = process.popen.pid
        self.inspector_port = 0
        self._fences_sent = 0
        self._fences_ended = 0
        self._fence_moved = asyncio.Event()
        self._fence_running: asyncio.Task[int] | None = None
        self._fence_queued: asyncio.Task[int] | None = None
        self._last_fence_ns = 0
        self._pulse: asyncio.Future[int] | None = None
        self._pulses: asyncio.Task[None] | None = None
        traces = context.folder / "trace"
        traces.mkdir(exist_ok=True)
        trace, log = traces / f"{number}.jsonl", context.folder / "worker.log"
        self._trace = LineReader(process.trace, trace, context.redactor, self._traced, largest=LARGEST_TRACE)
        self._log = LineReader(
            process.log,
            log,
            context.redactor,
            self._logged,
            largest=LARGEST_LOG,
            leaked=partial(_notify, context),
            rewrite=self._take_output,
        )

    async def listen(self) -> str:
        """Return the URL once the sockets listen. Raises TargetError with workerd's output."""
        ports = await self._ports()
        if ports is not None:
            self.inspector_port = ports.get(_INSPECTOR, 0)
            self._pulses = asyncio.create_task(self._beat())
            return f"http://127.0.0.1:{ports[self._process.place.worker.entry]}"
        code = await self._ended()
        await self.end(gently=False)
        event = b"\n".join(self._last_lines).decode("utf-8", "replace").strip()
        failure = Failure(self._binary, self._process.place.worker.folder, event, code)
        raise await asyncio.to_thread(not_started, failure)

    async def _ports(self) -> dict[str, int] | None:
        wanted = _OUR_SOCKETS | {self._process.place.worker.entry}
        wanted |= {_INSPECTOR} if self._process.inspected else set()
        ports: dict[str, int] = {}
        reader = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(self._process.control, "rb", buffering=0)  # closed with the transport
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            async with asyncio.timeout(self._process.place.worker.listens_within):
                while not ports.keys() >= wanted:
                    line = await reader.readline()
                    if not line:
                        return None
                    event = json.loads(line)
                    ports[event["event"] if event["event"] == _INSPECTOR else event["socket"]] = event.get("port", 0)
        except (TimeoutError, ValueError, LookupError, TypeError):  # too late, or not workerd's format
            return None
        finally:
            transport.close()
        return ports

    async def end(self, *, gently: bool) -> None:
        """End the process and read its pipes to the end. Objects that leave memory this way died and did not sleep."""
        self._ending = True
        if self._pulses is not None:
            self._pulses.cancel()
            await asyncio.wait([self._pulses])
        if self._reporting is not None:
            self._reporting.cancel()
            await asyncio.wait([self._reporting])
        await self.sidecar.close()
        await asyncio.to_thread(self._process.end, gently=gently) if gently else self._process.end(gently=False)
        for reader in (self._trace, self._log):
            reader.drain()
            reader.close()
        self._report_outputs()
        self._end_of_process()

    def _end_of_process(self) -> None:
        for change in self.residency.end_of_process():
            self._notify(change)

    def _take_output(self, line: bytes) -> bytes:
        """Report a line of the side-car's, and return what the log has in its place; other lines are kept."""
        if NOISE in line:
            return b""
        output = parse(line, self._mark, self._process.place.worker.map_frame)
        if output is None:
            return self._stacks.rewritten(line)
        self._outputs.append(replace(self._stacks.placed(output), read_ns=time.monotonic_ns()))
        is_reporting = self._reporting is not None and not self._reporting.done()
        if not is_reporting and not self._ending and any(output.threw):
            self._reporting = asyncio.create_task(self._report_soon())
        return log_text(output).encode("utf-8", "replace")

    async def _report_soon(self) -> None:
        """Report exceptions before the next pulse, so that their time is that of the step; not too often."""
        await asyncio.sleep(REPORTED_AFTER_SECONDS)
        with suppress(PocError):  # those who wait for the runtime get the error
            await self.fence()

    def _report_outputs(self) -> None:
        """Report what the worker put out before the fence that has just ended."""
        outputs, self._outputs = self._outputs, []
        for each in outputs:
            self._report(each)

    def _logged(self, line: bytes) -> None:
        self._last_lines = [*self._last_lines[1 - _LAST_LINES :], line]

    def _traced(self, line: bytes) -> None:
        for change in self.residency.feed(line):
            if isinstance(change, WorkerContextEnded):
                if change.worker == self._process.place.worker.sidecar.fence:
                    self._fences_ended += 1
                    self._fence_moved.set()
            elif isinstance(change, Left) and self._ending:
                # When a runtime is terminated it writes the same line as for a sleep (measured).
                self._notify(replace(change, how="died"))
            else:
                self._notify(change)

    async def fence(self) -> int:
        """Return the trace's clock once everything that happened before the call has been read from the trace.

        workerd buffers the trace and flushes it when a context ends (measured), so a request to the side-car flushes
        everything before it. Callers share a fence that has not been sent yet.
        """
        if self._fence_queued is None:
            self._fence_queued = asyncio.create_task(self._fence_after(self._fence_running))
            # Retrieve the exception even if no caller waits any longer.
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
        before = mark(self._watch.process)
        try:
            await self.sidecar.answer()
            await self._traced_up_to(number)
            # What was thrown before the fence is in the pipe by now (measured, 40 of 40).
            self._log.drain(_CHUNKS_OF_LOG)
            self._report_outputs()
            self._look_for_lateness(before)
        except TargetDropped:
            await self._ended()
            self._raise_if_dead()
            raise
        except TargetHung:
            self._raise_if_dead()
            raise
        return self.residency.latest_ns

    async def pulse(self) -> int:
        """Return the result of the next periodic fence; raises the same errors as `fence`."""
        if self._pulses is None or self._pulses.done():
            return await self.fence()
        if self._pulse is None:
            self._pulse = asyncio.get_running_loop().create_future()
            self._pulse.add_done_callback(lambda pulse: pulse.cancelled() or pulse.exception())
        return await asyncio.shield(self._pulse)

    async def _beat(self) -> None:
        """Send a fence four times a second, to detect a stalled runtime and to serve `pulse`.

        Ends with the first failure, which is passed on to the waiting callers.
        """
        failure: Exception | None = None
        while failure is None:
            await asyncio.sleep(PULSE_SECONDS)
            now_ns = 0
            try:
                now_ns = await self.fence()
            except PocError as error:
                failure = error
            pulse, self._pulse = self._pulse, None
            if pulse is None or pulse.done():
                continue
            if failure is None:
                pulse.set_result(now_ns)
            else:
                pulse.set_exception(failure)

    def _look_for_lateness(self, before: Mark) -> None:
        """Record a late stretch if the fence sent at this mark took long and this process was not the cause."""
        after = mark(self._watch.process)
        busy = self.residency.take_long_turns()
        took_ns = after.at_ns - before.at_ns - self._watch.attendance.late_ns(before.at_ns, after.at_ns)
        if took_ns > FENCE_LATE_NS:
            # The stall may have begun right after the previous fence.
            begun_ns = max(self._last_fence_ns, before.at_ns - round(PULSE_SECONDS * 1e9))
            ran = spent(before, after).ran
            own = tuple((self.residency.process, ctx) for ctx in busy)
            self._watch.attendance.add(Stretch("runtime", begun_ns, after.at_ns, self._runtime, ran, own))
        self._last_fence_ns = after.at_ns

    async def _traced_up_to(self, fence: int) -> None:
        async def reading() -> None:
            while self._fences_ended < fence:
                self._fence_moved.clear()
                await self._fence_moved.wait()

        if self._fences_ended >= fence:
            return  # the trace arrived before the answer
        if not await self._watch.answered(asyncio.ensure_future(reading())):
            raise TargetHung("the runtime's trace stopped", LOOK_INTO_LOG)

    async def _ended(self) -> int | None:
        """Return the exit code, or None if the process still runs; its connections break a moment before it exits."""
        with suppress(subprocess.TimeoutExpired):
            return await asyncio.to_thread(self._process.popen.wait, ENDS_WITHIN_SECONDS)
        return None

    def _raise_if_dead(self) -> None:
        for reader in (self._trace, self._log):
            if reader.failure is not None:
                raise PocError(reader.failure.message, reader.failure.advice)
        code = self._process.popen.poll()
        if code is not None:
            self._end_of_process()
            died = TargetDied(f"workerd {ending(code)} unexpectedly", LOOK_INTO_LOG)
            died.from_outside = -code in _FROM_OUTSIDE
            raise died


def _notify(context: RuntimeContext, line: bytes, seen: set[Hit]) -> None:
    for listener in context.log_listeners:
        with suppress(PocError):  # a full disk ends the run with the next event of a play
            listener(line, seen)
