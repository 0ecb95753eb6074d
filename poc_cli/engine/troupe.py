"""Which play goes on in which runtime: most side by side in one, some in one of their own, and second attempts.

Never looks into a play; it only sees how each ended.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from poc_cli.engine.admission import Admission, sockets_possible
from poc_cli.engine.performance import Outcome, Performance, SleepMode
from poc_cli.engine.sleeping import IDLE_TIMER_SECONDS
from poc_cli.engine.stage import Ears
from poc_cli.engine.turns import BUSY_AT_ONCE, Turn
from poc_cli.errors import PocError
from poc_cli.history.writer import HistoryWriter
from poc_cli.scenario.model import Hibernate, Idle
from poc_cli.scenario.plays import Play
from poc_cli.target.api import Api
from poc_cli.target.process import Place, Process
from poc_cli.target.source import Source, source
from poc_cli.target.subject import Subject
from poc_cli.target.workerd import Ground, Workerd

Progress = Callable[[str, str], None]
"""Is told a play's label and what it is doing now."""

RUNTIMES_AT_ONCE = 10
"""Runtimes beside the shared one: each takes 60 MiB. How many of them are busy at once, `turns` says."""


class Wishes(Protocol):
    """What of a request concerns the plays."""

    @property
    def sleep(self) -> SleepMode | None:
        """How sleeps are to be made."""

    @property
    def jobs(self) -> int:
        """How many plays may go on at once."""


class Troupe:
    """Plays all plays of one run."""

    def __init__(self, ground: Ground, history: HistoryWriter, wishes: Wishes, progress: Progress, api: Api) -> None:
        """Take what they share."""
        self._ground = ground
        self._history = history
        self._wishes = wishes
        self._progress = progress
        self._api = api
        self._busy = asyncio.Semaphore(BUSY_AT_ONCE)
        self._places = asyncio.Semaphore(wishes.jobs)
        self._whole: asyncio.Task[object] | None = None
        self._failure: PocError | None = None
        self._runtimes = asyncio.Semaphore(RUNTIMES_AT_ONCE)

    async def play(self, plays: list[Play], first: Process) -> list[Outcome]:
        """Play them: together what can be together, then alone what measures; `first` is a runtime started ahead."""
        self._whole = asyncio.current_task()
        try:
            return await self._play(plays, first)
        except asyncio.CancelledError:
            if self._failure is not None:
                raise self._failure from None
            raise

    def _fail(self, error: PocError) -> None:
        """End the run: what happens cannot be written down any more."""
        if self._failure is None and self._whole is not None:
            self._failure = error
            self._whole.cancel()

    async def _play(self, plays: list[Play], first: Process) -> list[Outcome]:
        # What has to let the most time pass begins first, so that all windows overlap.
        plays = sorted(plays, key=_seconds, reverse=True)
        together = [play for play in plays if not self._is_apart(play)]
        apart = [play for play in plays if self._is_apart(play) and not play.scenario.document.measures]
        measuring = [play for play in plays if play.scenario.document.measures]
        try:
            async with asyncio.TaskGroup() as group:
                shared = group.create_task(self._together(together, first))
                others = [group.create_task(self._apart(play)) for play in apart]
        except BaseExceptionGroup as failures:
            raise _first(failures) from None
        alone = [await self._apart(play) for play in measuring]
        return [*shared.result(), *(other.result() for other in others), *alone]

    async def _together(self, plays: list[Play], first: Process) -> list[Outcome]:
        """Play side by side in one runtime; what was given up there is played once more, each in one of its own."""
        target = Workerd(first.place, self._ground)
        admission = Admission(sockets_possible())
        try:
            await target.start(first)
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._admitted(play, target, admission)) for play in plays]
        finally:
            await target.stop()
        outcomes = [task.result() for task in tasks]
        given_up = [play for play, outcome in zip(plays, outcomes, strict=True) if outcome == "given_up"]
        again = await asyncio.gather(*(self._apart(play, attempt=2) for play in given_up))
        return [*(outcome for outcome in outcomes if outcome != "given_up"), *again]

    async def _admitted(self, play: Play, target: Workerd, admission: Admission) -> Outcome:
        async with self._places, admission.of(len(play.clients)):
            return await self._perform(play, target, attempt=1)

    async def _apart(self, play: Play, attempt: int = 1) -> Outcome:
        """Play in a fresh runtime that ends with the play."""
        async with self._runtimes:
            target = Workerd(Place(self._worker_of(play)), self._ground)
            try:
                await target.start()
                outcome = await self._perform(play, target, attempt)
            finally:
                await target.stop()
        return outcome if outcome != "given_up" else await self._apart(play, attempt + 1)

    def _worker_of(self, play: Play) -> Subject:
        return self._ground.worker if play.worker is None else self._ground.workers.get(source_of(play))

    def _is_apart(self, play: Play) -> bool:
        """Whether a play needs a runtime of its own: it ends it, measures it, or brings another worker."""
        return play.alone or self._worker_of(play) is not self._ground.worker

    async def _perform(self, play: Play, target: Workerd, attempt: int) -> Outcome:
        def say(phase: str) -> None:
            self._progress(play.label, phase)

        performance = Performance(
            play,
            target,
            self._history,
            ears=Ears(say, self._fail, self._api),
            sleep=self._wishes.sleep,
            turn=Turn(self._busy),
            attempt=attempt,
        )
        outcome = await performance.perform()
        say(outcome)
        return outcome


def _seconds(play: Play) -> float:
    """Give how long a play must let time pass at least: its sleeps by the idle timer, and what it waits besides."""
    steps = [placed.step for placed in play.steps]
    sleeps = sum(isinstance(step, Hibernate) and step.hibernate == "idle" for step in steps)
    return sleeps * IDLE_TIMER_SECONDS + sum(step.idle for step in steps if isinstance(step, Idle))


def source_of(play: Play) -> Source:
    """Give where the worker is that a play brings. Raises TargetError where there is none, ValueError for no such play.

    Relative to the scenario's file.
    """
    if play.worker is None:
        raise ValueError("the play brings no worker")
    folder = Path(play.scenario.file).parent / play.worker.dir
    return source(folder, tuple(play.worker.config or ()), play.worker.env)


def _first(failures: BaseExceptionGroup) -> BaseException:
    """Give the failure that a person should hear of: one of ours before any other."""
    found = [_first(each) if isinstance(each, BaseExceptionGroup) else each for each in failures.exceptions]
    return next((failure for failure in found if isinstance(failure, PocError)), found[0])
