"""The targets of a run's plays: local runtimes, or one remote worker."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from poc_cli.engine.module_state_play import Confirmations
from poc_cli.history.writer import HistoryWriter
from poc_cli.scenario.model import Hibernate
from poc_cli.scenario.plays import CONFIRM, Play
from poc_cli.scenario.sessions import SESSIONS
from poc_cli.targets.attendance import Attendance
from poc_cli.targets.base import Target
from poc_cli.targets.process import Process, RuntimeFolder
from poc_cli.targets.runtime_context import LogListener, RuntimeContext
from poc_cli.targets.worker import Worker
from poc_cli.targets.worker_source import WorkerSource, named_by
from poc_cli.targets.workerd import Workerd

if TYPE_CHECKING:
    from poc_cli.engine.canaries import Canaries
    from poc_cli.targets.remote import Remote

SourceOf = Callable[[Play], WorkerSource]
"""Returns the source of a play's own worker. Raises TargetError if it is missing, ValueError if the play has none."""

RUNTIMES_AT_ONCE = 6
"""Runtimes besides the shared one; each takes 60 MiB."""


class TargetPool(Protocol):
    """Starts targets for plays, and stops them."""

    apart_at_once: int
    """How many plays that need their own target may run concurrently, also beside others; 0: none."""

    def description(self) -> dict[str, Any]:
        """Return the target's description for the `run_start` event."""

    def is_apart(self, play: Play) -> bool:
        """Return whether a play needs its own target."""

    def watched(
        self, plays: list[Play], history: HistoryWriter
    ) -> "contextlib.AbstractAsyncContextManager[Canaries | None]":
        """Return the canaries that run beside the plays, None if the target has a trace."""

    @property
    def attendance(self) -> Attendance:
        """The record of when this process or a runtime was late."""

    def shared(self, attempt: int = 1) -> contextlib.AbstractAsyncContextManager[Target]:
        """Return the target of the concurrent plays, stopped at the end of the context. Raises TargetError."""

    def own(self, play: Play) -> contextlib.AbstractAsyncContextManager[Target]:
        """Return a target for one play. Raises TargetError."""

    async def close(self) -> None:
        """Stop what is kept between plays."""

    def listen_to_log(self, listener: LogListener) -> None:
        """Call `listener` with each masked line of the worker's log that had secrets, and the secrets in it."""


class LocalTargetPool:
    """Local runtimes, started as needed."""

    apart_at_once = RUNTIMES_AT_ONCE

    def __init__(self, ground: RuntimeContext, first: Process, source_of: SourceOf) -> None:
        self._ground = ground
        self._first: Process | None = first
        self._source_of = source_of
        self.confirmations = Confirmations(ground.versions)
        self.late_modules: dict[str, tuple[str, ...]] = {}
        """By the label of a confirming play, the modules that were first loaded during it."""
        self._spare: dict[int, list[Workerd]] = {}
        """Runtimes that a session has left empty, by the identity of their worker."""

    def description(self) -> dict[str, Any]:
        """Return the target's description for the `run_start` event."""
        return {
            "kind": Workerd.kind,
            "url": None,
            "versions": self._ground.versions,
            "compatibility_date": self._ground.worker.compatibility_date,
            "oracle": Workerd.oracle,
            "abilities": sorted(Workerd.abilities),
        }

    def is_apart(self, play: Play) -> bool:
        """Return whether a play needs its own runtime: to restart, measure or inspect it, or for its own worker.

        A session does because nothing that others have stored may make a difference.
        """
        needs_own = play.alone or play.resets or play.role in SESSIONS
        return needs_own or self.worker_of(play) is not self._ground.worker

    @contextlib.asynccontextmanager
    async def watched(self, plays: list[Play], history: HistoryWriter) -> AsyncIterator[None]:  # noqa: ARG002
        """Yield None: each runtime has a trace."""
        yield

    @property
    def attendance(self) -> Attendance:
        """The record of when this process or a runtime was late."""
        return self._ground.attendance

    @contextlib.asynccontextmanager
    async def shared(self, attempt: int = 1) -> AsyncIterator[Target]:
        """Yield the runtime that was started ahead, the first time, or a fresh one."""
        first, self._first = (self._first, None) if attempt == 1 else (None, self._first)
        target = Workerd(RuntimeFolder(self._ground.worker) if first is None else first.place, self._ground)
        try:
            await target.start(first)
            yield target
        finally:
            await target.stop()

    @contextlib.asynccontextmanager
    async def own(self, play: Play) -> AsyncIterator[Target]:
        """Yield a runtime for one play: a fresh one, or for a session one that an earlier session has left empty."""
        worker = self.worker_of(play)
        spare = self._spare.setdefault(id(worker), [])
        reusable = play.role in SESSIONS and not play.alone
        is_kept = False
        inspected = play.resets or reusable
        target = (
            spare.pop() if reusable and spare else Workerd(RuntimeFolder(worker), self._ground, inspected=inspected)
        )
        try:
            if not target.is_running:
                await target.start()
            if reusable:
                await target.reset_modules()
            yield target
            is_kept = reusable and await target.empty()
        finally:
            if is_kept:
                spare.append(target)
            else:
                await target.stop()
        if play.role == CONFIRM:
            self.late_modules[play.label] = target.late_modules
        if target.confirmed and play.role == CONFIRM:
            self.confirmations.add(play, worker)

    async def close(self) -> None:
        """Stop the runtimes that are kept for sessions."""
        for targets in self._spare.values():
            while targets:
                await targets.pop().stop()

    def listen_to_log(self, listener: LogListener) -> None:
        """Call `listener` with each line of the runtimes' log that had secrets."""
        self._ground.log_listeners.append(listener)

    def worker_of(self, play: Play) -> Worker:
        """Return the worker that a play runs against. Raises TargetError."""
        return self._ground.worker if play.worker is None else self._ground.workers.get(self._source_of(play))


class RemoteTargetPool:
    """One remote worker for all plays; plays that disturb others run one by one, after them."""

    apart_at_once = 0

    def __init__(self, remote: "Remote", *, is_ours: bool) -> None:
        """Initialize; `is_ours` says whether the worker implements poc's protocol, which canaries need."""
        self.remote = remote
        self._is_ours = is_ours
        self.attendance = Attendance()

    def description(self) -> dict[str, Any]:
        """Return the target's description for the `run_start` event."""
        return {
            "kind": self.remote.kind,
            "url": self.remote.url,
            "versions": self.remote.versions,
            "compatibility_date": self.remote.compatibility_date,
            "oracle": self.remote.oracle,
            "abilities": sorted(self.remote.abilities),
        }

    def is_apart(self, play: Play) -> bool:
        """Return whether a play would disturb others: it deploys, or measures."""
        return play.alone

    @contextlib.asynccontextmanager
    async def watched(self, plays: list[Play], history: HistoryWriter) -> "AsyncIterator[Canaries]":
        """Yield the canaries, which run if a play sleeps and the worker implements poc's protocol."""
        from poc_cli.engine.canaries import Canaries
        from poc_cli.engine.tail_events import listen

        canaries = Canaries(self.remote, history, possible=self._is_ours)
        if self._is_ours:
            await canaries.pulse()
        sleeps = any(isinstance(each.step, Hibernate) for play in plays for each in play.steps)
        background = [canaries.sweep()] if self._is_ours and sleeps else []
        background += [] if self.remote.tail is None else [listen(self.remote.tail, history)]
        tasks = [asyncio.create_task(each) for each in background]
        try:
            yield canaries
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def shared(self, attempt: int = 1) -> AsyncIterator[Target]:  # noqa: ARG002
        """Yield the worker."""
        yield self.remote

    @contextlib.asynccontextmanager
    async def own(self, play: Play) -> AsyncIterator[Target]:  # noqa: ARG002
        """Yield the same worker."""
        yield self.remote

    async def close(self) -> None:
        """Do nothing: nothing is started here."""

    def listen_to_log(self, listener: LogListener) -> None:
        """Do nothing: a remote worker's log arrives through its tail."""


def source_of(play: Play) -> WorkerSource:
    """Return the source of a play's own worker, relative to the scenario's file.

    Raises TargetError if it is missing, ValueError if the play has none.
    """
    if play.worker is None:
        raise ValueError("the play has no worker of its own")
    file = Path(play.scenario.file)
    return named_by(play.worker, file.parent / play.worker.dir, file)
