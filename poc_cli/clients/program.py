"""A client that is a program: it gets lines on stdin, and its lines on stdout are messages."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from poc_cli.clients.client import CannotOpen, Ending, InTime, Observer, Payload, Sendable
from poc_cli.clients.frames import Side
from poc_cli.clients.inbox import Inbox
from poc_cli.clients.lines import Lines
from poc_cli.clients.relay import Head, Relay
from poc_cli.clients.subprocesses import ENDS_WITHIN_SECONDS, ProgramFolder, end
from poc_cli.errors import TargetError
from poc_cli.history import event as kinds
from poc_cli.targets.endpoint import Endpoint
from poc_cli.targets.process import ending, signal_group

MOST_UNREAD: Final = 10_000
"""Unread lines before poc stops reading the program's stdout."""

MOST_LOG_LINES: Final = 1000
"""Lines of stderr that are kept; all are read."""

_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Program:
    """The arguments and variables for the worker's URL, and the folder to start in."""

    words: Callable[[str], tuple[Sequence[str], Mapping[str, str]]]
    folder: Path
    opens: Literal["socket", "line"]


class ProgramClient:
    """A program that takes part in a play."""

    records_openings = True

    def __init__(
        self, name: str, program: Program, programs: ProgramFolder, endpoint: Callable[[], Endpoint], observer: Observer
    ) -> None:
        """Initialize with the program and a function that returns the worker's current endpoint; starts nothing."""
        self.name = name
        self.inbox = Inbox()
        self._program = program
        self._programs = programs
        self._observer = observer
        self._relay = Relay(lambda _: endpoint(), self)
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._moved = asyncio.Condition()
        self._notices: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._opened = 0
        self._lines = 0
        self._refused: int | None = None
        self._ended = 0
        self._ends_seen = 0
        self._said: str | None = "it was never started"

    @property
    def is_open(self) -> bool:
        """Whether lines can be sent."""
        return self._process is not None and self._said is None

    @property
    def how_it_ended(self) -> str:
        """Why lines can no longer be sent, in a sentence."""
        return self._said or "it runs"

    async def open(self, within: float) -> None:
        """Start the program and wait until it counts as open. Raises CannotOpen if it does not in time."""
        url = f"ws://127.0.0.1:{await self._relay.start()}"
        words, variables = self._program.words(url)
        try:
            self._process = await self._programs.start(words, self._program.folder, variables)
        except TargetError as error:
            raise CannotOpen(error.in_a_line) from error
        self._said = None
        self._observer.note(kinds.STARTED, program=Path(words[0]).name)
        reading = (self._read_out(self._process), self._read_errors(self._process))
        self._tasks = [asyncio.create_task(each) for each in reading]
        self._tasks.append(asyncio.create_task(self._await_exit(self._process, self._tasks[:2])))
        if not await self._until(self._is_decided, within):
            raise CannotOpen(self.missing(within), in_time=False)
        if self._refused is not None and not self._opened:
            raise CannotOpen(f"the server answered {self._refused}", self._refused)
        if not self._is_there():
            raise CannotOpen(f"it {self._said} and there was {self._wanted}; the history has its stderr")

    def missing(self, within: float) -> str:
        """Return what did not come within the time to open."""
        return f"it runs, but within {within:g} s there was {self._wanted}"

    @property
    def _wanted(self) -> str:
        return "no WebSocket to the worker" if self._program.opens == "socket" else "no line"

    def _is_there(self) -> bool:
        return bool(self._opened if self._program.opens == "socket" else self._lines)

    def _is_decided(self) -> bool:
        return self._is_there() or self._said is not None or self._refused is not None

    async def _until(self, done: Callable[[], bool], within: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._is(done)
        return done()

    async def _is(self, done: Callable[[], bool]) -> None:
        async with self._moved:
            await self._moved.wait_for(done)

    async def send(self, payload: Sendable) -> None:
        """Write one line. Raises CannotOpen if the program does not read, ValueError if it is not one line."""
        if not isinstance(payload, str) or "\n" in payload:
            raise ValueError(f"{self.name} takes single lines of text, but this is {_kind(payload)}")
        stdin = None if self._process is None else self._process.stdin
        if stdin is None or not self.is_open:
            raise CannotOpen(self.how_it_ended)
        try:
            stdin.write(payload.encode("utf-8", "surrogatepass") + b"\n")
            await stdin.drain()
        except OSError as error:
            raise CannotOpen(f"it no longer reads its stdin: {error.strerror}") from error

    async def close(self, code: int, reason: str, in_time: InTime) -> None:  # noqa: ARG002 - a program closes in its own way
        """Close its stdin and wait until it has ended; after a timeout it gets SIGTERM and then SIGKILL."""
        self._closing.set()
        if self._process is not None:
            self._relay.release()
            if self._process.stdin is not None:
                self._process.stdin.close()
            ended = asyncio.create_task(self._is(lambda: self._said is not None))
            try:
                await in_time(ended)
            finally:
                ended.cancel()
            await end(self._process)
            await self._drained()
        await self._relay.stop()

    async def await_end(self, within: float) -> bool:
        """Wait until one more WebSocket has ended than steps have seen; return whether one did in time."""
        if not await self._until(lambda: self._ended > self._ends_seen, within):
            return False
        self._ends_seen = self._ended
        return True

    async def kill(self, how: Literal["fin", "rst", "process"]) -> None:
        """Drop its connections, or kill it."""
        if how != "process":
            await self._relay.drop(how)
        elif self._process is not None:
            signal_group(self._process.pid)
            await self._drained()

    def stall(self) -> None:
        """Stop forwarding what the worker sends."""
        self._relay.stall()

    def release(self) -> None:
        """Resume forwarding."""
        self._relay.release()

    async def _drained(self) -> None:
        """Wait for its exit and, for a limited time, for the rest of its pipes, which other processes may hold open."""
        _, waiting = await asyncio.wait(self._tasks, timeout=ENDS_WITHIN_SECONDS) if self._tasks else (set(), set())
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    # --- its pipes

    async def _read_out(self, process: asyncio.subprocess.Process) -> None:
        lines = Lines()
        async for chunk in _chunks(process.stdout):
            for text, dropped in lines.feed(chunk):
                self._received(text, dropped)
            await self._throttle()
        rest = lines.rest()
        if rest is not None:
            self._received(*rest)

    async def _throttle(self) -> None:
        """Wait while too many lines are unread, unless the program is being closed; then further lines are dropped."""
        if self._is_full():
            waits = {
                asyncio.ensure_future(self.inbox.wait_for_room(MOST_UNREAD)),
                asyncio.ensure_future(self._closing.wait()),
            }
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()

    def _is_full(self) -> bool:
        return self.inbox.size - self.inbox.position > MOST_UNREAD

    def _received(self, text: str, dropped: int) -> None:
        if self._closing.is_set() and self._is_full():
            return
        self._lines += 1
        self._observer.received(text, **({"dropped": dropped} if dropped else {}))
        self._wake_waiters()

    async def _read_errors(self, process: asyncio.subprocess.Process) -> None:
        lines, kept = Lines(), 0
        async for chunk in _chunks(process.stderr):
            for text, _ in lines.feed(chunk):
                kept += 1
                if kept <= MOST_LOG_LINES:
                    self._observer.note(kinds.STDERR, text=text)
        rest = lines.rest()
        if rest is not None and kept < MOST_LOG_LINES:
            self._observer.note(kinds.STDERR, text=rest[0])
        if kept > MOST_LOG_LINES:
            self._observer.note(kinds.STDERR, text=f"({kept - MOST_LOG_LINES} more lines)")

    async def _await_exit(self, process: asyncio.subprocess.Process, pipes: list[asyncio.Task[None]]) -> None:
        code = await process.wait()
        self._said = ending(code)
        await asyncio.wait(pipes, timeout=ENDS_WITHIN_SECONDS)
        self._observer.note(kinds.EXITED, code=code, said=self._said)
        self.inbox.end()
        self._wake_waiters()

    # --- its WebSockets

    def opened(self, number: int, head: Head) -> None:
        """Record a WebSocket that the worker has accepted."""
        self._observer.opened(number, head.target)
        self._opened += 1
        self._wake_waiters()

    def refused(self, number: int, head: Head, status: int) -> None:  # noqa: ARG002 - only open WebSockets have a number
        """Record a WebSocket that the worker has refused."""
        if self._opened:
            self._observer.note(kinds.OPEN_FAILED, said=f"the server answered {status}")
        self._refused = status
        self._wake_waiters()

    def passed(self, number: int, side: Side, payload: Payload) -> None:
        """Record a message on a WebSocket."""
        self._observer.passed(kinds.FRAME_SENT if side == "client" else kinds.FRAME_RECEIVED, number, payload)

    def closed(self, number: int, ending: Ending) -> None:
        """Record the end of a WebSocket."""
        self._observer.ended(number, ending)
        self._ended += 1
        self._wake_waiters()

    def _wake_waiters(self) -> None:
        """Wake all that wait for a change."""
        notice = asyncio.ensure_future(self._notify())
        self._notices.add(notice)
        notice.add_done_callback(self._notices.discard)

    async def _notify(self) -> None:
        async with self._moved:
            self._moved.notify_all()


async def _chunks(pipe: asyncio.StreamReader | None) -> AsyncIterator[bytes]:
    while pipe is not None and (chunk := await pipe.read(_CHUNK)):
        yield chunk


def _kind(payload: Sendable) -> str:
    return "of several lines" if isinstance(payload, str) else "of bytes"
