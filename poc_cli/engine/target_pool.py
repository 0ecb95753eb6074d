"""Where the plays of a run go on: runtimes of our own, or one worker that runs somewhere else."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from poc_cli.engine.module_state_play import Confirmations
from poc_cli.history.writer import HistoryWriter
from poc_cli.scenario.model import Hibernate
from poc_cli.scenario.plays import CONFIRM, Play
from poc_cli.targets.attendance import Attendance
from poc_cli.targets.base import Target
from poc_cli.targets.process import Process, RuntimeFolder
from poc_cli.targets.runtime_context import LogListener, RuntimeContext
from poc_cli.targets.worker import Worker
from poc_cli.targets.worker_source import WorkerSource, source
from poc_cli.targets.workerd import Workerd

if TYPE_CHECKING:
    from poc_cli.engine.canaries import CanaryWatch
    from poc_cli.targets.remote import Remote

SourceOf = Callable[[Play], WorkerSource]
"""Gives where the worker is that a play brings. Raises TargetError where there is none, ValueError for no such play."""

RUNTIMES_AT_ONCE = 6
"""Runtimes beside the shared one: each takes 60 MiB."""


class TargetPool(Protocol):
    """Gives targets to plays, and ends them."""

    apart_at_once: int
    """How many of the plays that need a place of their own may go on at the same time, and while others do; 0: none."""

    def description(self) -> dict[str, Any]:
        """Return the place as the beginning of a record tells it."""

    def is_apart(self, play: Play) -> bool:
        """Return whether a play needs a place of its own."""

    def watched(
        self, plays: list[Play], history: HistoryWriter
    ) -> "contextlib.AbstractAsyncContextManager[CanaryWatch | None]":
        """Return what tells of sleep while the plays go on, None where the trace does."""

    @property
    def attendance(self) -> Attendance:
        """Return who notes when this process or a runtime was late."""

    def shared(self, attempt: int = 1) -> contextlib.AbstractAsyncContextManager[Target]:
        """Return the target of the plays that go on side by side; it ends with the context. Raises TargetError."""

    def own(self, play: Play) -> contextlib.AbstractAsyncContextManager[Target]:
        """Return a target for one play. Raises TargetError."""

    def listen_to_log(self, listener: LogListener) -> None:
        """Call `listener` with each line of the worker's log that had secrets, without them, and with which."""


class LocalTargetPool:
    """Runtimes of our own: as many as are needed."""

    apart_at_once = RUNTIMES_AT_ONCE

    def __init__(self, ground: RuntimeContext, first: Process, source_of: SourceOf) -> None:
        """Take what all runtimes share, one that was started ahead, and where the workers are that plays bring."""
        self._ground = ground
        self._first = first
        self._source_of = source_of
        self.confirmations = Confirmations(ground.versions)

    def description(self) -> dict[str, Any]:
        """Return the place as the beginning of a record tells it."""
        return {
            "kind": Workerd.kind,
            "url": None,
            "versions": self._ground.versions,
            "compatibility_date": self._ground.worker.compatibility_date,
            "oracle": Workerd.oracle,
            "abilities": sorted(Workerd.abilities),
        }

    def is_apart(self, play: Play) -> bool:
        """Return whether a play needs its own runtime: it ends it, measures it, inspects it, or has another worker."""
        return play.alone or play.role == CONFIRM or self.worker_of(play) is not self._ground.worker

    @contextlib.asynccontextmanager
    async def watched(self, plays: list[Play], history: HistoryWriter) -> AsyncIterator[None]:  # noqa: ARG002
        """Yield nothing: each runtime's trace tells of sleep."""
        yield

    @property
    def attendance(self) -> Attendance:
        """Return who notes when this process or a runtime was late."""
        return self._ground.attendance

    @contextlib.asynccontextmanager
    async def shared(self, attempt: int = 1) -> AsyncIterator[Target]:
        """Yield the runtime that was started ahead, for a later attempt a fresh one."""
        place = self._first.place if attempt == 1 else RuntimeFolder(self._ground.worker)
        target = Workerd(place, self._ground)
        try:
            await target.start(self._first if attempt == 1 else None)
            yield target
        finally:
            await target.stop()

    @contextlib.asynccontextmanager
    async def own(self, play: Play) -> AsyncIterator[Target]:
        """Yield a fresh runtime that ends with the play."""
        worker = self.worker_of(play)
        target = Workerd(RuntimeFolder(worker), self._ground, inspected=play.role == CONFIRM)
        try:
            await target.start()
            yield target
        finally:
            await target.stop()
        if target.confirmed:
            self.confirmations.keep(play, worker)

    def listen_to_log(self, listener: LogListener) -> None:
        """Call `listener` with each line of the runtimes' log that had secrets."""
        self._ground.log_listeners.append(listener)

    def worker_of(self, play: Play) -> Worker:
        """Return the worker that a play is about. Raises TargetError."""
        return self._ground.worker if play.worker is None else self._ground.workers.get(self._source_of(play))


class RemoteTargetPool:
    """One worker that runs somewhere else, for all plays: those that disturb others go on one by one, after them."""

    apart_at_once = 0

    def __init__(self, remote: "Remote", *, is_ours: bool) -> None:
        """Take the worker; `is_ours` says whether it answers our protocol, so that its rooms can tell of sleep."""
        self.remote = remote
        self._is_ours = is_ours
        self.attendance = Attendance()

    def description(self) -> dict[str, Any]:
        """Return the place as the beginning of a record tells it."""
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
    async def watched(self, plays: list[Play], history: HistoryWriter) -> "AsyncIterator[CanaryWatch]":
        """Yield what rooms of our own tell of sleep; they are opened where a play sleeps and the worker is ours."""
        from poc_cli.engine.canaries import CanaryWatch
        from poc_cli.engine.tail_events import listen

        watch = CanaryWatch(self.remote, history, possible=self._is_ours)
        if self._is_ours:
            await watch.pulse()
        sleeps = any(isinstance(each.step, Hibernate) for play in plays for each in play.steps)
        beside = [watch.sweep()] if self._is_ours and sleeps else []
        beside += [] if self.remote.tail is None else [listen(self.remote.tail, history)]
        tasks = [asyncio.create_task(each) for each in beside]
        try:
            yield watch
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
        """Yield the same worker: there is no other."""
        yield self.remote

    def listen_to_log(self, listener: LogListener) -> None:
        """Do nothing: what a worker logs elsewhere comes by its tail."""


def source_of(play: Play) -> WorkerSource:
    """Return where a play's own worker is. Raises TargetError where nothing is there, ValueError for a play without.

    Relative to the scenario's file.
    """
    if play.worker is None:
        raise ValueError("the play brings no worker")
    folder = Path(play.scenario.file).parent / play.worker.dir
    return source(folder, tuple(play.worker.config or ()), play.worker.env)
