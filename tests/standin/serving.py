"""Serves one Worker: which of its versions answers now, how an update takes over, and what is kept between versions.

An object is what requests with one path reach. After a deferred update each object stays with the version before until
it has been quiet for so long that it hibernates, or its time is up; others get the new version at once.
"""

import asyncio
import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, Protocol
from urllib.parse import quote

from tests.standin.account import Account, Script, Version
from tests.standin.migrations import Class
from tests.standin.runtime import Workerd, start, write

IDLE_SECONDS: Final = 10.0
"""After how long without a byte a deferred update takes all objects for hibernated: workerd's own idle time."""

LONGEST_DELAY_SECONDS: Final = 300
"""What wrangler asks for where nothing is said (its `max_delay`)."""


@dataclass(slots=True)
class Traffic:
    """What goes through the edge to one object: how many sockets are open, and when the last byte went by."""

    sockets: int = 0
    last: float = 0.0

    def seen(self) -> None:
        """Take note of a byte."""
        self.last = asyncio.get_running_loop().time()

    def opened(self) -> None:
        """Take note of a new socket."""
        self.sockets += 1

    def closed(self) -> None:
        """Take note of a socket's end."""
        self.sockets -= 1

    async def quiet(self) -> None:
        """Wait until nothing has gone by for so long that the object hibernates."""
        clock = asyncio.get_running_loop().time
        while (left := self.last + IDLE_SECONDS - clock()) > 0:  # noqa: ASYNC110 - each byte puts it off
            await asyncio.sleep(left)


class Passage(Protocol):
    """A WebSocket through the edge, which an update can break or join to a connection to another process."""

    def drop(self) -> None:
        """Break it without a close frame."""

    def hold(self) -> None:
        """Keep the client's side though the Worker's ends, until `move`."""

    async def move(self, port: int) -> None:
        """Go on with a process that listens on this port."""


@dataclass(slots=True, eq=False)
class Held:
    """One object: the process that has it, what goes to it, and its sockets."""

    workerd: Workerd | None = None
    traffic: Traffic = field(default_factory=Traffic)
    passages: set[Passage] = field(default_factory=set)


@dataclass(slots=True)
class Policy:
    """What becomes of sockets when an object gets new code by an update of either mode."""

    immediate: Literal["drop", "keep"] = "drop"
    deferred: Literal["drop", "keep"] = "keep"


class Serving:
    """One Worker on this machine."""

    def __init__(self, binary: Path, folder: Path, collector: str, policy: Policy | None = None) -> None:
        """Take workerd, and the folder that is the Worker's own; it need not be there yet."""
        self._binary = binary
        self._folder = folder
        self._collector = collector
        self._policy = policy or Policy()
        self._workerd: Workerd | None = None
        self._before: dict[Path, Workerd] = {}
        """Processes of earlier versions that still have objects, by their folders."""
        self._current: Path | None = None
        self._busy = asyncio.Lock()
        self._pending: asyncio.Task[None] | None = None
        self._handing_over: set[asyncio.Task[None]] = set()
        self._removed = False
        self._objects: dict[str, Held] = {}

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

        With a deferred `strategy`, objects that are there keep theirs, at most for its `max_delay`.
        """
        await self._give_up_pending()
        folder = self._folder / f"version-{version.number}-{version.id}"
        write(folder, version, classes, self._folder / "disk", self._collector)
        if delay:
            self._pending = asyncio.create_task(self._later(folder, classes, strategy, delay))
        else:
            await self._take_over(folder, classes, strategy)

    async def _later(
        self, folder: Path, classes: Mapping[str, Class], strategy: Mapping[str, Any], delay: float
    ) -> None:
        await asyncio.sleep(delay)
        await self._take_over(folder, classes, strategy)

    async def _take_over(self, folder: Path, classes: Mapping[str, Class], strategy: Mapping[str, Any]) -> None:
        deferred = self._workerd is not None and self._workerd.alive and strategy.get("mode") == "deferred"
        async with self._busy:
            if deferred and self._workerd is not None and self._current is not None:
                self._before[self._current] = self._workerd
            else:
                # The old ones end first: two processes on one disk would both run the alarms of an object.
                self._hold()
                await self._end()
                keys = {each.key for each in classes.values()}
                for stored in (self._folder / "disk").iterdir():
                    if stored.name not in keys:
                        shutil.rmtree(stored)
            last, self._current = self._current, folder
            self._workerd = await start(self._binary, folder)
            if not deferred:
                if last not in (None, folder):
                    shutil.rmtree(last, ignore_errors=True)
                for held in self._objects.values():
                    await self._move(held, self._policy.immediate)
        if deferred:
            longest = float(strategy.get("max_delay", LONGEST_DELAY_SECONDS))
            task = asyncio.create_task(self._hand_over(longest))
            self._handing_over.add(task)
            task.add_done_callback(self._handing_over.discard)

    async def _hand_over(self, longest: float) -> None:
        """Give each object that has an earlier version the newest: once it is quiet, or its time is up."""
        mine = [held for held in self._objects.values() if held.workerd is not self._workerd]
        await asyncio.gather(*(self._hand_over_one(held, longest) for held in mine))
        async with self._busy:
            used = {id(held.workerd) for held in self._objects.values()}
            for folder, workerd in list(self._before.items()):
                if id(workerd) not in used:
                    del self._before[folder]
                    await workerd.end()
                    shutil.rmtree(folder, ignore_errors=True)

    async def _hand_over_one(self, held: Held, longest: float) -> None:
        policy = self._policy.immediate  # an object whose time is up is reset
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest):
                await held.traffic.quiet()
            policy = self._policy.deferred
        async with self._busy:
            if held.workerd is not self._workerd:
                await self._move(held, policy)

    def _hold(self) -> None:
        if self._policy.immediate == "keep":
            for held in self._objects.values():
                for passage in held.passages:
                    passage.hold()

    async def _move(self, held: Held, policy: Literal["drop", "keep"]) -> None:
        """Give an object the process of the newest version."""
        held.workerd = self._workerd
        for passage in list(held.passages):
            if policy == "drop" or self._workerd is None:
                passage.drop()
            else:
                passage.hold()
                await passage.move(self._workerd.port)

    async def port(self, path: str = "/") -> tuple[int, Held] | None:
        """Return the port at which an object answers, waiting for an update under way; None where nothing does yet."""
        async with self._busy:
            if self._current is None or self._removed:
                return None
            if self._workerd is None or not self._workerd.alive:  # it crashed; Cloudflare would start it again as well
                await self._end()
                self._workerd = await start(self._binary, self._current)
            held = self._objects.setdefault(path, Held())
            if held.workerd is None or not held.workerd.alive:
                held.workerd = self._workerd
            held.traffic.seen()
            return held.workerd.port, held

    async def _end(self) -> None:
        for task in list(self._handing_over):
            task.cancel()
        for workerd in self._before.values():
            await workerd.end()
        self._before.clear()
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
        self.policy = Policy()
        self.collector = ""
        """The address that tail events go to; the name of the account and the Worker are put after it."""

    def serving(self, account: Account, name: str) -> Serving:
        """Return what serves a Worker, new where nothing does yet."""
        key = account.id, name
        if key not in self._served:
            collector = f"{self.collector}/{account.id}/{quote(name)}"
            self._served[key] = Serving(self._binary, self._folder / account.id / name, collector, self.policy)
        return self._served[key]

    async def deploy(self, account: Account, script: Script, delay: float) -> None:
        """Serve the deployed version of a Worker."""
        deployment = script.deployments[-1]
        serving = self.serving(account, script.name)
        await serving.update(deployment.version, script.classes, deployment.strategy, delay)

    async def port(self, account: Account, script: Script, path: str) -> tuple[int, Held] | None:
        """Return the port at which an object of a Worker answers; None where none does yet."""
        if script.foreign and (account.id, script.name) not in self._served:
            await self.deploy(account, script, 0)
        return await self.serving(account, script.name).port(path)

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
