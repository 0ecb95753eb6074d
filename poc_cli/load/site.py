"""The targets of a load: poc's own runtime, or a worker that runs elsewhere."""

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
        """Return its URL."""

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of each request to it."""

    @property
    def processes(self) -> dict[str, int]:
        """Return the ids of its processes that poc started, by name."""

    def raise_if_too_many(self, plan: Plan) -> None:
        """Raise UsageError if a load does not fit into its limits."""

    def running(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Run it until the end of the context. Raises TargetError if it does not start."""

    def refuses(self, files: int | None) -> str:
        """Return why no more sockets may be opened while the runtime uses `files` descriptors, empty if they may."""

    async def evict(self, class_name: str, name: str) -> Eviction:
        """Evict an object."""

    async def gone(self, *, patiently: bool) -> str | None:
        """Return how it ended, None while it runs; `patiently` waits briefly for an end in progress."""


class LocalLoadTarget:
    """A runtime started by poc."""

    is_local = True

    def __init__(self, runtime: RuntimeContext, worker: Worker, *, traced: bool) -> None:
        """Initialize with what the runtimes of a run share; tracing costs a third of its speed."""
        self._runtime = runtime
        self._traced = traced
        self._folder = RuntimeFolder(worker, tailed=False)
        self._target = Workerd(self._folder, runtime)
        self._process: Process | None = None
        self._limits: Limits = limits()

    @property
    def url(self) -> str:
        """Return its URL."""
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
        """Remove its folder, even if it never ran."""
        self._folder.remove()

    def raise_if_too_many(self, plan: Plan) -> None:
        """Raise UsageError if it would run out of descriptors, because workerd exits then."""
        raise_if_too_many(plan, self._limits, local=True)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start it, and stop it at the end of the context."""
        variables = environment(self._runtime.token, self._runtime.address)
        self._process = spawn(self._runtime.binary, self._folder, variables, traced=self._traced)
        try:
            await self._target.start(self._process)
            yield
        finally:
            await self._target.stop()

    def refuses(self, files: int | None) -> str:
        """Return why no more sockets may be opened: workerd exits without a free descriptor."""
        if files is None or files < self._limits.files - SPARE:
            return ""
        return f"not tried: the runtime had fewer than {SPARE} of its {self._limits.files:,} file descriptors left"

    async def evict(self, class_name: str, name: str) -> Eviction:
        """Evict an object; waits up to 30 s for its pending work."""
        return await self._target.evict(class_name, self._target.object_id(class_name, name))

    async def gone(self, *, patiently: bool) -> str | None:
        """Return how its process ended; its connections end shortly before that is known."""
        process = self._process
        if process is None:
            return None
        if patiently:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(process.popen.wait, ENDS_WITHIN_SECONDS)
        code = process.popen.poll()
        return None if code is None else f"workerd {ending(code)} unexpectedly"


class RemoteLoadTarget:
    """A worker that runs elsewhere: it is not started, stopped or evicted."""

    is_local = False

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    @property
    def url(self) -> str:
        """Return its URL, or the address to connect to instead."""
        return self._remote.endpoint.edge or self._remote.url

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of each request to it."""
        host = {} if self._remote.endpoint.edge is None else {"Host": self._remote.endpoint.host}
        return host | self._remote.headers

    @property
    def processes(self) -> dict[str, int]:
        """Return none: poc started none of its processes."""
        return {}

    def raise_if_too_many(self, plan: Plan) -> None:
        """Raise UsageError if this machine has too few descriptors or ports."""
        raise_if_too_many(plan, limits(), local=False)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do nothing."""
        yield

    def refuses(self, files: int | None) -> str:  # noqa: ARG002 - its descriptors are not known
        """Allow all sockets."""
        return ""

    async def evict(self, class_name: str, name: str) -> Eviction:  # noqa: ARG002
        """Report that evictions are not possible."""
        return Eviction("no_answer", "objects of a remote worker cannot be evicted")

    async def gone(self, *, patiently: bool) -> str | None:  # noqa: ARG002
        """Return None: only the sockets show whether it runs."""
        return None
