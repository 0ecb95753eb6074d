"""A user's app server, started for the run on a loopback port behind the proxy."""

import asyncio
import contextlib
import os
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from poc_cli.clients.lines import Lines
from poc_cli.clients.subprocesses import ProgramFolder, end
from poc_cli.errors import TargetError
from poc_cli.history.redact import Redactor
from poc_cli.services.proxy import Proxy
from poc_cli.targets.api_address import bound_socket
from poc_cli.targets.endpoint import no_tls
from poc_cli.targets.line_reader import LARGEST_LOG, full
from poc_cli.targets.process import ending

LOG: Final = "origin.log"
LONGEST_KEPT: Final = 16_384
"""Characters kept of a line of the log, after redaction."""

_LAST_LINES: Final = 20
_ASK_AGAIN_SECONDS: Final = 0.05
_ASKS_WITHIN_SECONDS: Final = 5.0
_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class StartCommand:
    """How an app is started: its folder, and the command and variables for the port to listen on."""

    folder: Path
    command: Callable[[int], tuple[str, Mapping[str, str]]]
    ready: str
    within: float


class App:
    """An app server and the proxy in front of it."""

    def __init__(self, start: StartCommand, proxy: Proxy, programs: ProgramFolder) -> None:
        """Initialize with how it is started; starts nothing."""
        self.proxy = proxy
        self._start = start
        self._programs = programs
        self._up: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._is_full = False

    @contextlib.asynccontextmanager
    async def served(self, folder: Path, redactor: Redactor) -> AsyncIterator[None]:
        """Run it while the context lasts, with its log in the run folder. Does not wait until it is up."""
        async with self.proxy.served():
            reading: asyncio.Task[None] | None = None
            try:
                port = _free_port()
                command, variables = self._start.command(port)
                self._process = await self._programs.start(
                    ["/bin/sh", "-c", command], self._start.folder, variables, joined=True
                )
                reading = asyncio.create_task(self._log(self._process, folder / LOG, redactor))
                self._up = asyncio.create_task(self._await_up(self._process, port, reading))
                yield
            finally:
                for task in (self._up, reading):
                    if task is not None:
                        task.cancel()
                        await asyncio.gather(task, return_exceptions=True)
                if self._process is not None:
                    await end(self._process)

    async def up(self) -> None:
        """Wait until it is up. Raises TargetError if it does not come up in time."""
        if self._up is not None:
            await asyncio.shield(self._up)

    async def _await_up(self, process: asyncio.subprocess.Process, port: int, reading: asyncio.Task[None]) -> None:
        url = f"http://127.0.0.1:{port}"
        self.proxy.app = url
        last = "it is not listening"
        deadline = asyncio.get_running_loop().time() + self._start.within
        async with httpx.AsyncClient(trust_env=False, timeout=_ASKS_WITHIN_SECONDS, verify=no_tls()) as client:
            while asyncio.get_running_loop().time() < deadline:
                if process.returncode is not None:
                    await asyncio.wait([reading], timeout=1.0)
                    raise self._failure(f"{ending(process.returncode)} before it was up")
                try:
                    answer = await client.get(url + self._start.ready)
                    if answer.is_success:
                        return
                    last = f"{self._start.ready} responds {answer.status_code}"
                except httpx.TransportError as error:
                    last = f"{self._start.ready} gives no response ({type(error).__name__})"
                await asyncio.sleep(_ASK_AGAIN_SECONDS)
        raise self._failure(f"was not up within {self._start.within:g} s: {last}")

    def _failure(self, did: str) -> TargetError:
        output = "\n".join(self._last)
        return TargetError(
            f"the app server in {self._start.folder} {did}" + (f"; its output:\n{output}" if output else ""),
            f"its log is {LOG} in the run folder; it must listen on {{port}} of its start command",
        )

    async def _log(self, process: asyncio.subprocess.Process, file: Path, redactor: Redactor) -> None:
        lines = Lines()
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            while process.stdout is not None and (chunk := await process.stdout.read(_CHUNK)):
                for text, _ in lines.feed(chunk):
                    self._take(descriptor, redactor.text(text)[:LONGEST_KEPT])
            rest = lines.rest()
            if rest is not None:
                self._take(descriptor, redactor.text(rest[0])[:LONGEST_KEPT])
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int, line: str) -> None:
        self._last.append(line)
        if self._is_full:
            return
        if os.fstat(descriptor).st_size + len(line) > LARGEST_LOG:
            self._is_full = True
            line = full(LOG, LARGEST_LOG)
        with contextlib.suppress(OSError):  # if the disk is full, writing the history ends the run
            os.write(descriptor, line.encode("utf-8", "replace") + b"\n")


def _free_port() -> int:
    """Return a port that is free now; the app binds it shortly afterwards."""
    with bound_socket() as probe:
        port: int = probe.getsockname()[1]
        return port
