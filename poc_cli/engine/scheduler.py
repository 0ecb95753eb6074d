"""Which play goes on in which place: most side by side in one, some in one of their own, and what was spoiled again.

A play that has begun never waits for another; it only sees how each ended.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from poc_cli.descriptors import sockets_possible
from poc_cli.engine.admission import Admission
from poc_cli.engine.environment import PlayEnvironment, RunEnvironment
from poc_cli.engine.hibernation_traced import IDLE_TIMER_SECONDS
from poc_cli.engine.pacing import Pacer
from poc_cli.engine.play_runner import Outcome, PlayRunner, Trial
from poc_cli.engine.target_pool import TargetPool
from poc_cli.errors import PocError
from poc_cli.history.writer import HistoryWriter
from poc_cli.run_options import RunOptions
from poc_cli.scenario.model import Hibernate, Idle
from poc_cli.scenario.plays import Play
from poc_cli.targets.base import Target

if TYPE_CHECKING:
    from poc_cli.engine.canaries import CanaryWatch

ATTEMPTS: Final = 5
"""The first beside all others, a second with less beside it, and three alone: what is late in all of them is not
decided."""

FIRST_REPEAT: Final = 2

CALM_JOBS: Final = 60
"""Plays that go on at once when those that were late are played again: so many never were late on two slow cores
(measured, where 150 were)."""

AGAIN: Final = frozenset({"given_up", "runtime_failed"})
"""Outcomes after which a play is played again."""

Progress = Callable[[str, str], None]
"""Is told a play's label and what it is doing now."""


class Scheduler:
    """Plays all plays of one run."""

    def __init__(
        self,
        pool: TargetPool,
        history: HistoryWriter,
        options: RunOptions,
        progress: Progress,
        environment: RunEnvironment,
    ) -> None:
        """Take where they are played, and what they share."""
        self._pool = pool
        self._history = history
        self._options = options
        self._progress = progress
        self._environment = environment
        self._whole: asyncio.Task[object] | None = None
        self._failure: PocError | None = None
        self._watch: CanaryWatch | None = None
        self._own_places = asyncio.Semaphore(max(1, pool.apart_at_once))

    async def play(self, plays: list[Play]) -> dict[str, Outcome]:
        """Play them: together what can be together, then alone what measures. Return how each ended, by its label."""
        self._whole = asyncio.current_task()
        try:
            return await self._play(plays)
        except asyncio.CancelledError:
            if self._failure is not None:
                raise self._failure from None
            raise

    def _fail(self, error: PocError) -> None:
        """End the run: what happens cannot be written down any more."""
        if self._failure is None and self._whole is not None:
            self._failure = error
            self._whole.cancel()

    async def _play(self, plays: list[Play]) -> dict[str, Outcome]:
        # What has to let the most time pass begins first, so that all windows overlap.
        plays = sorted(plays, key=_seconds, reverse=True)
        together = [play for play in plays if not self._pool.is_apart(play)]
        apart = [play for play in plays if self._pool.is_apart(play)]
        # What measures wants nobody beside it; where all share one worker, neither does what disturbs the others.
        environment = [play for play in apart if self._pool.apart_at_once and not play.scenario.document.measures]
        after = [play for play in apart if not self._pool.apart_at_once or play.scenario.document.measures]
        async with self._pool.watched(plays, self._history) as self._watch:
            outcomes = await self._round(together, environment, Pacer(self._options.jobs), attempt=1)
            outcomes |= await self._alone(after, attempt=1)
            return await self._again(plays, outcomes)

    async def _again(self, plays: list[Play], outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
        """Play what was spoiled once more: with less beside it, then alone."""
        for attempt in range(2, ATTEMPTS + 1):
            late = [play for play in plays if outcomes[play.label] == "given_up"]
            failed = [play for play in plays if outcomes[play.label] == "runtime_failed"]
            if not late and not failed:
                break
            calmly = [play for play in late if attempt == FIRST_REPEAT and not play.scenario.document.measures]
            shared = [play for play in calmly if not self._pool.is_apart(play)]
            if not self._pool.apart_at_once:  # there is only one place
                shared, failed = [*shared, *(play for play in failed if not self._pool.is_apart(play))], []
            own = [play for play in [*calmly, *failed] if play not in shared] if self._pool.apart_at_once else []
            outcomes |= await self._round(shared, own, Pacer(min(CALM_JOBS, self._options.jobs)), attempt)
            rest = [play for play in plays if outcomes[play.label] in AGAIN and play not in [*shared, *own]]
            outcomes |= await self._alone(rest, attempt)
        return outcomes

    async def _round(self, together: list[Play], apart: list[Play], pacer: Pacer, attempt: int) -> dict[str, Outcome]:
        """Play some in one place and others in one of their own, all at the same time."""
        if not together and not apart:
            return {}
        outcomes: dict[str, Outcome] = {}

        async def own(play: Play) -> None:
            async with self._own_places:
                await pacer.start(len(play.clients))
                try:
                    outcomes[play.label] = await self._apart(play, attempt)
                finally:
                    pacer.end()

        try:
            async with asyncio.TaskGroup() as group:
                shared = group.create_task(self._together(together, pacer, attempt))
                for play in apart:
                    group.create_task(own(play))
        except BaseExceptionGroup as failures:
            raise _first(failures) from None
        return outcomes | shared.result()

    async def _together(self, plays: list[Play], pacer: Pacer, attempt: int) -> dict[str, Outcome]:
        """Play side by side in one place."""
        outcomes: dict[str, Outcome] = {}
        if not plays:
            return outcomes
        admission = Admission(sockets_possible())

        async def admitted(play: Play, target: Target) -> None:
            async with admission.of(len(play.clients)):
                await pacer.start(len(play.clients))
                try:
                    outcomes[play.label] = await self._perform(play, target, attempt, alone=len(plays) == 1)
                finally:
                    pacer.end()

        async with self._pool.shared(attempt) as target, asyncio.TaskGroup() as group:
            for play in plays:
                group.create_task(admitted(play, target))
        return outcomes

    async def _alone(self, plays: list[Play], attempt: int) -> dict[str, Outcome]:
        """Play one after the other, with nothing beside."""
        return {play.label: await self._apart(play, attempt) for play in plays}

    async def _apart(self, play: Play, attempt: int) -> Outcome:
        """Play in a place of its own, where there is one."""
        async with self._pool.own(play) as target:
            return await self._perform(play, target, attempt, alone=True)

    async def _perform(self, play: Play, target: Target, attempt: int, *, alone: bool) -> Outcome:
        def say(phase: str) -> None:
            self._progress(play.label, phase)

        runner = PlayRunner(
            play,
            target,
            self._history,
            environment=PlayEnvironment(self._environment, say, self._fail, self._pool.attendance),
            sleep=self._options.sleep,
            trial=Trial(attempt, alone=alone, is_last=attempt == ATTEMPTS),
            watch=self._watch,
        )
        outcome = await runner.perform()
        say(outcome)
        return outcome


def _seconds(play: Play) -> float:
    """Return how long a play must let time pass at least: its sleeps by the idle timer, and what it waits besides."""
    steps = [placed.step for placed in play.steps]
    sleeps = sum(isinstance(step, Hibernate) and step.hibernate == "idle" for step in steps)
    return sleeps * IDLE_TIMER_SECONDS + sum(step.idle for step in steps if isinstance(step, Idle))


def _first(failures: BaseExceptionGroup) -> BaseException:
    """Return the failure that a person should hear of: one of ours before any other."""
    found = [_first(each) if isinstance(each, BaseExceptionGroup) else each for each in failures.exceptions]
    return next((failure for failure in found if isinstance(failure, PocError)), found[0])
