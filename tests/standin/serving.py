"""Serves one Worker: which of its versions answers now, how an update takes over, and what is kept between versions."""

import asyncio
import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from tests.standin.account import Account, Script, Version
from tests.standin.migrations import Class
from tests.standin.runtime import Workerd, start, write

IDLE_SECONDS: Final = 10.0
"""After how long without a byte a deferred update takes all objects for hibernated: workerd's own idle time."""

LONGEST_DELAY_SECONDS: Final = 300
"""What wrangler asks for where nothing is said (its `max_delay`)."""


def _nobody() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass(slots=True)
class Traffic:
    """What goes through the edge to one Worker: how many sockets are open, and when the last byte went by."""

    sockets: int = 0
    last: float = 0.0
    nobody: asyncio.Event = field(default_factory=_nobody)
    """Set while no socket is open."""

    def seen(self) -> None:
        """Take note of a byte."""
        self.last = asyncio.get_running_loop().time()

    def opened(self) -> None:
        """Take note of a new socket."""
        self.sockets += 1
        self.nobody.clear()

    def closed(self) -> None:
        """Take note of a socket's end."""
        self.sockets -= 1
        if not self.sockets:
            self.nobody.set()

    async def quiet(self) -> None:
        """Wait until no socket is open, or all have been silent for so long that their objects hibernate."""
        clock = asyncio.get_running_loop().time
        while self.sockets and (left := self.last + IDLE_SECONDS - clock()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self.nobody.wait()


class Serving:
    """One Worker on this machine."""

    def __init__(self, binary: Path, folder: Path, collector: str) -> None:
        """Take workerd, and the folder that is the Worker's own; it need not be there yet."""
        self._binary = binary
        self._folder = folder
        self._collector = collector
        self._workerd: Workerd | None = None
        self._current: Path | None = None
        self._busy = asyncio.Lock()
        self._pending: asyncio.Task[None] | None = None
        self._removed = False
        self.traffic = Traffic()

    @property
    def running(self) -> bool:
        """Tell whether a workerd of its is alive."""
        return self._workerd is not None and self._workerd.alive

    @property
    def log(self) -> str:
        """Return what the workerd of the version that answers has said."""
        file = None if self._current is None else self._current / "worker.log"
        return file.read_text(encoding="utf-8", errors="replace") if file is not None and file.exists() else ""

    async def check(self, version: Version, classes: Mapping[str, Class]) -> None:
        """Start a version once, on a disk of its own. Raises Refusal where it does not start."""
        folder = self._folder / f"check-{version.id}"
        write(folder, version, classes, folder / "disk", self._collector)
        try:
            await (await start(self._binary, folder)).end()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def update(
        self, version: Version, classes: Mapping[str, Class], strategy: Mapping[str, Any], delay: float
    ) -> None:
        """Let a version answer, `delay` seconds from now; without a delay it answers when this returns.

        A deferred `strategy` waits for quiet sockets, where a version answers already.
        """
        await self._give_up_pending()
        folder = self._folder / f"version-{version.number}-{version.id}"
        write(folder, version, classes, self._folder / "disk", self._collector)
        deferred = self._current is not None and strategy.get("mode") == "deferred"
        if delay or deferred:
            longest = float(strategy.get("max_delay", LONGEST_DELAY_SECONDS)) if deferred else 0.0
            self._pending = asyncio.create_task(self._later(folder, classes, delay, longest))
        else:
            await self._take_over(folder, classes)

    async def _later(self, folder: Path, classes: Mapping[str, Class], delay: float, longest: float) -> None:
        await asyncio.sleep(delay)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest):
                await self.traffic.quiet()
        await self._take_over(folder, classes)

    async def _take_over(self, folder: Path, classes: Mapping[str, Class]) -> None:
        async with self._busy:
            # The old one ends first: two processes on one disk would both run its alarms.
            await self._end()
            keys = {each.key for each in classes.values()}
            for stored in (self._folder / "disk").iterdir():
                if stored.name not in keys:
                    shutil.rmtree(stored)
            self._workerd = await start(self._binary, folder)
            if self._current not in (None, folder):
                shutil.rmtree(self._current, ignore_errors=True)
            self._current = folder

    async def port(self) -> int | None:
        """Return the port at which it answers, waiting for an update under way; None where nothing answers yet."""
        async with self._busy:
            if self._current is None or self._removed:
                return None
            if self._workerd is None or not self._workerd.alive:  # it crashed; Cloudflare would start it again as well
                await self._end()
                self._workerd = await start(self._binary, self._current)
            return self._workerd.port

    async def _end(self) -> None:
        if self._workerd is not None:
            await self._workerd.end()
            self._workerd = None

    async def remove(self) -> None:
        """End it and remove all that it kept."""
        await self._give_up_pending()
        async with self._busy:
            self._removed = True
            await self._end()
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _give_up_pending(self) -> None:
        if self._pending is None:
            return
        async with self._busy:  # never in the middle of a start
            self._pending.cancel()
        await asyncio.gather(self._pending, return_exceptions=True)
        self._pending = None


class Stage:
    """All Workers that are served. Those of somebody else's are started when they are first asked for."""

    def __init__(self, binary: Path, folder: Path) -> None:
        """Take workerd, and the folder for all of them."""
        self._binary = binary
        self._folder = folder
        self._served: dict[tuple[str, str], Serving] = {}
        self.collector = ""
        """The address that tail events go to; the name of the account and the Worker are put after it."""

    def serving(self, account: Account, name: str) -> Serving:
        """Return what serves a Worker, new where nothing does yet."""
        key = account.id, name
        if key not in self._served:
            collector = f"{self.collector}/{account.id}/{quote(name)}"
            self._served[key] = Serving(self._binary, self._folder / account.id / name, collector)
        return self._served[key]

    async def deploy(self, account: Account, script: Script, delay: float) -> None:
        """Serve the deployed version of a Worker."""
        deployment = script.deployments[-1]
        serving = self.serving(account, script.name)
        await serving.update(deployment.version, script.classes, deployment.strategy, delay)

    async def port(self, account: Account, script: Script) -> int | None:
        """Return the port at which a Worker answers; None where none does yet."""
        if script.foreign and (account.id, script.name) not in self._served:
            await self.deploy(account, script, 0)
        return await self.serving(account, script.name).port()

    async def remove(self, account: Account, name: str) -> None:
        """Remove a Worker and all that it kept."""
        serving = self._served.pop((account.id, name), None)
        if serving is not None:
            await serving.remove()

    @property
    def running(self) -> list[str]:
        """Return the names of Workers that have a living workerd, sorted."""
        return sorted(name for (_, name), serving in self._served.items() if serving.running)

    async def close(self) -> None:
        """Remove all."""
        for serving in list(self._served.values()):
            await serving.remove()
        self._served.clear()
