"""A client that is a program: a line on its stdin is what it is sent, a line on its stdout a message of its inbox."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from poc_cli.clients.client import CannotOpen, Ending, InTime, Payload, Sendable
from poc_cli.clients.frames import Side
from poc_cli.clients.inbox import Inbox
from poc_cli.clients.lines import Lines
from poc_cli.clients.observer import Observer
from poc_cli.clients.relay import Head, Relay
from poc_cli.clients.subprocesses import ENDS_WITHIN_SECONDS, ProgramFolder, end
from poc_cli.errors import TargetError
from poc_cli.history import event as kinds
from poc_cli.targets.endpoint import Door
from poc_cli.targets.process import ending, signal_group

MOST_UNREAD: Final = 10_000
"""Lines that may lie unread before the program's stdout is left to fill up: more of them tell nobody anything."""

MOST_COMPLAINTS: Final = 1000
"""Lines of stderr that are kept; all are read."""

_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Program:
    """What is started: the words and variables for the address that it is to connect to, and the folder."""

    words: Callable[[str], tuple[Sequence[str], Mapping[str, str]]]
    folder: Path
    opens: Literal["socket", "line"]


class ProgramClient:
    """One program that takes part in a play."""

    tells_openings = True

    def __init__(
        self, name: str, program: Program, programs: ProgramFolder, door: Callable[[], Door], account: Observer
    ) -> None:
        """Take what it is, and the way to the worker, which may change; nothing is started yet."""
        self.name = name
        self.inbox = Inbox()
        self._program = program
        self._programs = programs
        self._account = account
        self._relay = Relay(lambda _: door(), self)
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
        """Why lines cannot be sent any more, in a sentence."""
        return self._said or "it runs"

    async def open(self, within: float) -> None:
        """Start it and wait until it is open. Raises CannotOpen."""
        url = f"ws://127.0.0.1:{await self._relay.start()}"
        words, variables = self._program.words(url)
        try:
            self._process = await self._programs.start(words, self._program.folder, variables)
        except TargetError as error:
            raise CannotOpen(error.in_a_line) from error
        self._said = None
        self._account.note(kinds.STARTED, program=Path(words[0]).name)
        reading = (self._read_out(self._process), self._read_errors(self._process))
        self._tasks = [asyncio.create_task(each) for each in reading]
        self._tasks.append(asyncio.create_task(self._await_exit(self._process, self._tasks[:2])))
        if not await self._until(self._is_decided, within):
            raise CannotOpen(self.missing(within), in_time=False)
        if self._refused is not None and not self._opened:
            raise CannotOpen(f"the server answered {self._refused}", self._refused)
        if not self._is_there():
            raise CannotOpen(f"it {self._said} and there was {self._wanted}; its stderr is in the history")

    def missing(self, within: float) -> str:
        """Return what there was none of in the time that it had to open."""
        return f"it runs, and within {within:g} s there was {self._wanted}"

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
        """Write one line. Raises CannotOpen if nobody reads it, ValueError for what is no line."""
        if not isinstance(payload, str) or "\n" in payload:
            raise ValueError(f"{self.name} is sent lines of text, and this is {_kind(payload)}")
        stdin = None if self._process is None else self._process.stdin
        if stdin is None or not self.is_open:
            raise CannotOpen(self.how_it_ended)
        try:
            stdin.write(payload.encode("utf-8", "surrogatepass") + b"\n")
            await stdin.drain()
        except OSError as error:
            raise CannotOpen(f"it does not read its stdin any more: {error.strerror}") from error

    async def close(self, code: int, reason: str, in_time: InTime) -> None:  # noqa: ARG002 - it closes in its own way
        """End its stdin and wait until it has ended; where it does not in time, it is asked to, and then killed."""
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
        """Wait until a WebSocket of it has ended that no step has seen ending yet; give whether it was in time."""
        if not await self._until(lambda: self._ended > self._ends_seen, within):
            return False
        self._ends_seen = self._ended
        return True

    async def kill(self, how: Literal["fin", "rst", "process"]) -> None:
        """Cut its connections, or kill it."""
        if how != "process":
            await self._relay.drop(how)
        elif self._process is not None:
            signal_group(self._process.pid)
            await self._drained()

    def stall(self) -> None:
        """Read nothing that the worker sends to it."""
        self._relay.stall()

    def release(self) -> None:
        """Read on."""
        self._relay.release()

    async def _drained(self) -> None:
        """Wait for the word of its end; what its pipes still hold is given a moment, since others may have them too."""
        _, waiting = await asyncio.wait(self._tasks, timeout=ENDS_WITHIN_SECONDS) if self._tasks else (set(), set())
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    # --- its pipes

    async def _read_out(self, process: asyncio.subprocess.Process) -> None:
        lines = Lines()
        async for chunk in _chunks(process.stdout):
            for text, dropped in lines.feed(chunk):
                self._heard(text, dropped)
            await self._throttle()
        rest = lines.rest()
        if rest is not None:
            self._heard(*rest)

    async def _throttle(self) -> None:
        """Wait while too much lies unread, unless it is to end: then what comes is let go."""
        if self._is_flooded():
            waits = {asyncio.ensure_future(self.inbox.room(MOST_UNREAD)), asyncio.ensure_future(self._closing.wait())}
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()

    def _is_flooded(self) -> bool:
        return self.inbox.size - self.inbox.position > MOST_UNREAD

    def _heard(self, text: str, dropped: int) -> None:
        if self._closing.is_set() and self._is_flooded():
            return
        self._lines += 1
        self._account.heard(text, **({"dropped": dropped} if dropped else {}))
        self._stir()

    async def _read_errors(self, process: asyncio.subprocess.Process) -> None:
        lines, kept = Lines(), 0
        async for chunk in _chunks(process.stderr):
            for text, _ in lines.feed(chunk):
                kept += 1
                if kept <= MOST_COMPLAINTS:
                    self._account.note(kinds.STDERR, text=text)
        rest = lines.rest()
        if rest is not None and kept < MOST_COMPLAINTS:
            self._account.note(kinds.STDERR, text=rest[0])
        if kept > MOST_COMPLAINTS:
            self._account.note(kinds.STDERR, text=f"({kept - MOST_COMPLAINTS} lines more)")

    async def _await_exit(self, process: asyncio.subprocess.Process, pipes: list[asyncio.Task[None]]) -> None:
        code = await process.wait()
        self._said = ending(code)
        await asyncio.wait(pipes, timeout=ENDS_WITHIN_SECONDS)
        self._account.note(kinds.EXITED, code=code, said=self._said)
        self.inbox.end()
        self._stir()

    # --- its WebSockets

    def opened(self, number: int, head: Head) -> None:
        """Hear of one that the worker has let in."""
        self._account.opened(number, head.target)
        self._opened += 1
        self._stir()

    def refused(self, number: int, head: Head, status: int) -> None:  # noqa: ARG002 - one that is not open is none
        """Hear of one that was turned away."""
        if self._opened:
            self._account.note(kinds.OPEN_FAILED, said=f"the server answered {status}")
        self._refused = status
        self._stir()

    def passed(self, number: int, side: Side, payload: Payload) -> None:
        """Hear of a message on one."""
        self._account.passed(kinds.FRAME_SENT if side == "client" else kinds.FRAME_RECEIVED, number, payload)

    def closed(self, number: int, ending: Ending) -> None:
        """Hear of the end of one."""
        self._account.ended(number, ending)
        self._ended += 1
        self._stir()

    def _stir(self) -> None:
        """Wake whoever waits for something to happen."""
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
