"""Where a load goes: a runtime of our own, untraced, or a worker that runs somewhere else."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator
from typing import Protocol

from poc_cli.load.capacity import SPARE, Limits, limits, raise_if_too_many
from poc_cli.load.plan import Plan
from poc_cli.targets.api_address import environment
from poc_cli.targets.base import Eviction
from poc_cli.targets.process import Process, RuntimeFolder, ending, spawn
from poc_cli.targets.remote import Remote
from poc_cli.targets.runtime_context import ENDS_WITHIN_SECONDS, RuntimeContext
from poc_cli.targets.worker import Worker
from poc_cli.targets.workerd import Workerd


class LoadTarget(Protocol):
    """A worker under load."""

    is_local: bool

    @property
    def url(self) -> str:
        """Return where it answers."""

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of each request to it."""

    @property
    def processes(self) -> dict[str, int]:
        """Return the ids of the processes that it runs in, as far as they are ours, by what they are called."""

    def raise_if_too_many(self, plan: Plan) -> None:
        """Raise UsageError where a load cannot be had here."""

    def running(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Have it run until the end of the context. Raises TargetError."""

    def refuses(self, files: int | None) -> str:
        """Return why no further socket may be opened, with so many descriptors of the runtime's in use."""

    async def evict(self, class_name: str, name: str) -> Eviction:
        """Have an object leave memory."""

    async def gone(self, *, patiently: bool) -> str | None:
        """Return how it ended, None while it runs; `patiently` waits a moment for an end that is under way."""


class LocalLoadTarget:
    """A runtime of our own, on a worker of ours or of the user's."""

    is_local = True

    def __init__(self, ground: RuntimeContext, worker: Worker, *, traced: bool) -> None:
        """Take what it shares with other runtimes of the run; the trace costs a third of its speed."""
        self._ground = ground
        self._traced = traced
        self._place = RuntimeFolder(worker, tailed=False)
        self._target = Workerd(self._place, ground)
        self._process: Process | None = None
        self._limits: Limits = limits()

    @property
    def url(self) -> str:
        """Return where it answers."""
        return self._target.url

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of each request to it."""
        return self._target.headers

    @property
    def processes(self) -> dict[str, int]:
        """Return the id of its process."""
        return {} if self._process is None else {"runtime": self._process.popen.pid}

    def close(self) -> None:
        """Remove its folder, whether or not it ever ran."""
        self._place.remove()

    def raise_if_too_many(self, plan: Plan) -> None:
        """Raise UsageError where it would run out of descriptors, which ends it."""
        raise_if_too_many(plan, self._limits, local=True)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start it, and end it with its folder."""
        variables = environment(self._ground.token, self._ground.address)
        self._process = spawn(self._ground.binary, self._place, variables, traced=self._traced)
        try:
            await self._target.start(self._process)
            yield
        finally:
            await self._target.stop()

    def refuses(self, files: int | None) -> str:
        """Return why no further socket may be opened: it ends when it has no descriptor left."""
        if files is None or files < self._limits.files - SPARE:
            return ""
        return f"not tried: the runtime had fewer than {SPARE} of its {self._limits.files:,} file descriptors left"

    async def evict(self, class_name: str, name: str) -> Eviction:
        """Have an object leave memory; waits for work in it up to 30 s."""
        return await self._target.evict(class_name, self._target.object_id(class_name, name))

    async def gone(self, *, patiently: bool) -> str | None:
        """Return how its process ended; its connections break a moment before that is known."""
        process = self._process
        if process is None:
            return None
        if patiently:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(process.popen.wait, ENDS_WITHIN_SECONDS)
        code = process.popen.poll()
        return None if code is None else f"workerd {ending(code)} unexpectedly"


class RemoteLoadTarget:
    """A worker that runs somewhere else: nobody there is ended by us, and nobody evicted."""

    is_local = False

    def __init__(self, remote: Remote) -> None:
        """Take the worker."""
        self._remote = remote

    @property
    def url(self) -> str:
        """Return where it answers; what leads elsewhere instead is taken at once."""
        return self._remote.door.edge or self._remote.url

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of each request to it."""
        host = {} if self._remote.door.edge is None else {"Host": self._remote.door.host}
        return host | self._remote.headers

    @property
    def processes(self) -> dict[str, int]:
        """Return none: they are not ours."""
        return {}

    def raise_if_too_many(self, plan: Plan) -> None:
        """Raise UsageError where this machine has too few descriptors or ports."""
        raise_if_too_many(plan, limits(), local=False)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Leave it as it is."""
        yield

    def refuses(self, files: int | None) -> str:  # noqa: ARG002 - its descriptors are its own affair
        """Let everything be opened."""
        return ""

    async def evict(self, class_name: str, name: str) -> Eviction:  # noqa: ARG002
        """Evict nobody."""
        return Eviction("no_answer", "objects elsewhere sleep by their own timer")

    async def gone(self, *, patiently: bool) -> str | None:  # noqa: ARG002
        """Return None: whether it lives is seen by the sockets."""
        return None
