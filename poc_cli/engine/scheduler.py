"""Schedule plays: most run concurrently on one target, some on their own, and disturbed ones are repeated.

Only the start of a play waits for other plays.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Final

from poc_cli.descriptors import sockets_possible
from poc_cli.engine.admission import Admission
from poc_cli.engine.environment import PlayEnvironment, RunEnvironment
from poc_cli.engine.hibernation_traced import IDLE_TIMER_SECONDS
from poc_cli.engine.pacing import Pacer
from poc_cli.engine.play_runner import Attempt, Outcome, PlayRunner
from poc_cli.engine.target_pool import TargetPool
from poc_cli.errors import PocError
from poc_cli.history.writer import HistoryWriter
from poc_cli.run_options import RunOptions
from poc_cli.scenario.model import Alarm, Hibernate, Idle, Step
from poc_cli.scenario.plays import Play
from poc_cli.scenario.sessions import SESSIONS
from poc_cli.targets.base import Target
from poc_cli.targets.cpu_pressure import Spent, mark, spent

if TYPE_CHECKING:
    from poc_cli.engine.canaries import Canaries

ATTEMPTS: Final = 5
"""The first attempt is beside all other plays, the second beside fewer, the third in a runtime of its own beside a few,
and two are alone. A play that is late in all of them is undecided."""

FIRST_REPEAT: Final = 2

LAST_BESIDE_OTHERS: Final = 3
"""Late plays mostly wait: one after the other, eleven of them took 142 s on a busy machine (measured)."""

REPEAT_JOBS: Final = 60
"""Concurrent plays when late plays are repeated: 60 were never late on two slow cores, 150 were (measured)."""

SESSIONS_AT_ONCE: Final = max(2, min(3, os.cpu_count() or 2))
"""Sessions at once: each uses a processor nearly all the time, so more than there are processors only take memory. A
runtime grows to 110 MiB while its module state is put back (109 gaps, measured)."""

WAITING_SESSIONS_AT_ONCE: Final = 6
"""Sessions at once that wait for most of their time, as for pushes by a timer."""

_WAITS_SECONDS: Final = 1.0
_WAITS_SHARE: Final = 0.4
"""A session that takes longer than the one, in less than the other of which poc ran or wanted to, waits."""

LATE_IN_A_ROW: Final = 3
"""So many late repeats of sessions, one after the other, show that the machine is too slow for the rest of them too:
where each took 38 s (measured on two cores at a load of 27), five attempts at all 25 of them take most of an hour."""

IN_ANOTHER: Final = frozenset({"runtime_failed", "shared"})
"""Outcomes of plays that are repeated in another runtime."""

OUTCOMES_TO_REPEAT: Final = frozenset({"given_up", *IN_ANOTHER})

Progress = Callable[[str, str], None]
"""Called with a play's label and its current phase."""


class Scheduler:
    """Runs all plays of one run."""

    def __init__(
        self,
        pool: TargetPool,
        history: HistoryWriter,
        options: RunOptions,
        progress: Progress,
        environment: RunEnvironment,
    ) -> None:
        self._pool = pool
        self._history = history
        self._options = options
        self._progress = progress
        self._environment = environment
        self._main_task: asyncio.Task[object] | None = None
        self._failure: PocError | None = None
        self._canaries: Canaries | None = None
        self._own_targets = asyncio.Semaphore(1)
        self._line = asyncio.Lock()
        self._late_in_a_row = 0
        """Repeats of sessions that were late since one was not, in this attempt."""
        self._more_targets = 0
        """How many more may run at once if they wait."""

    async def play(self, plays: list[Play]) -> dict[str, Outcome]:
        """Run all plays and return their outcomes by label."""
        self._main_task = asyncio.current_task()
        try:
            return await self._play(plays)
        except asyncio.CancelledError:
            if self._failure is not None:
                raise self._failure from None
            raise

    def _fail(self, error: PocError) -> None:
        """End the run because the history cannot be written."""
        if self._failure is None and self._main_task is not None:
            self._failure = error
            self._main_task.cancel()

    async def _play(self, plays: list[Play]) -> dict[str, Outcome]:
        # Plays with the longest waits start first, so that the waits overlap.
        plays = sorted(plays, key=_seconds, reverse=True)
        together = [play for play in plays if not self._pool.is_apart(play)]
        apart = [play for play in plays if self._pool.is_apart(play)]
        sessions = all(play.role in SESSIONS for play in apart)
        most = SESSIONS_AT_ONCE if sessions else self._pool.apart_at_once
        self._own_targets = asyncio.Semaphore(max(1, min(most, self._pool.apart_at_once)))
        self._more_targets = min(WAITING_SESSIONS_AT_ONCE, self._pool.apart_at_once) - most if sessions else 0
        # Plays that measure run alone; if all share one worker, so do plays that disturb others.
        concurrent = [play for play in apart if self._pool.apart_at_once and not play.scenario.document.measures]
        after = [play for play in apart if not self._pool.apart_at_once or play.scenario.document.measures]
        async with self._pool.watched(plays, self._history) as self._canaries:
            outcomes = await self._round(together, concurrent, Pacer(self._options.jobs), attempt=1)
            outcomes |= await self._alone(after, attempt=1)
            return await self._repeat(plays, outcomes)

    async def _repeat(self, plays: list[Play], outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
        """Repeat disturbed plays: first beside fewer others, then in runtimes of their own, then alone."""
        for attempt in range(2, ATTEMPTS + 1):
            self._late_in_a_row = 0
            late = [play for play in plays if outcomes[play.label] == "given_up"]
            failed = [play for play in plays if outcomes[play.label] in IN_ANOTHER]
            if not late and not failed:
                break
            is_beside = attempt <= LAST_BESIDE_OTHERS
            beside_fewer = [play for play in late if is_beside and not play.scenario.document.measures]
            shared = [play for play in beside_fewer if attempt == FIRST_REPEAT and not self._pool.is_apart(play)]
            if not self._pool.apart_at_once:  # there is only one target
                shared, failed = [*shared, *(play for play in failed if not self._pool.is_apart(play))], []
            own = [play for play in [*beside_fewer, *failed] if play not in shared] if self._pool.apart_at_once else []
            outcomes |= await self._round(shared, own, Pacer(min(REPEAT_JOBS, self._options.jobs)), attempt)
            rest = [
                play for play in plays if outcomes[play.label] in OUTCOMES_TO_REPEAT and play not in [*shared, *own]
            ]
            outcomes |= await self._alone(rest, attempt)
        return outcomes

    async def _round(self, together: list[Play], apart: list[Play], pacer: Pacer, attempt: int) -> dict[str, Outcome]:
        """Run some plays on a shared target and others on their own targets, all concurrently."""
        if not together and not apart:
            return {}
        outcomes: dict[str, Outcome] = {}

        async def own(play: Play) -> None:
            async with self._own_target(play):
                await pacer.start(len(play.clients))
                begun = mark(os.getpid())
                try:
                    outcomes[play.label] = await self._apart(play, attempt)
                finally:
                    pacer.end()
                if self._more_targets > 0 and waits(spent(begun, mark(os.getpid()))):
                    self._more_targets -= 1
                    self._own_targets.release()

        try:
            async with asyncio.TaskGroup() as group:
                shared = group.create_task(self._together(together, pacer, attempt))
                for play in apart:
                    group.create_task(own(play))
        except BaseExceptionGroup as failures:
            raise _first(failures) from None
        return outcomes | shared.result()

    @contextlib.asynccontextmanager
    async def _own_target(self, play: Play) -> AsyncIterator[None]:
        """Wait until a play may run on a target of its own, and hold its place meanwhile.

        Only one of the plays that begin at once waits for a place, the rest wait behind it: so one that begins later is
        the next or the one after. At the end of the line the slowed session ran alone, for a quarter of the run.
        """
        await asyncio.sleep(play.after_s)
        async with contextlib.nullcontext() if play.after_s else self._line:
            await self._own_targets.acquire()
        try:
            yield
        finally:
            self._own_targets.release()

    async def _together(self, plays: list[Play], pacer: Pacer, attempt: int) -> dict[str, Outcome]:
        """Run plays concurrently on one target."""
        outcomes: dict[str, Outcome] = {}
        if not plays:
            return outcomes
        admission = Admission(sockets_possible())

        async def admitted(play: Play, target: Target) -> None:
            async with admission.of(len(play.clients)):
                await pacer.start(len(play.clients))
                try:
                    outcomes[play.label] = await self._run(play, target, attempt, alone=len(plays) == 1)
                finally:
                    pacer.end()

        async with self._pool.shared(attempt) as target, asyncio.TaskGroup() as group:
            for play in plays:
                group.create_task(admitted(play, target))
        return outcomes

    async def _alone(self, plays: list[Play], attempt: int) -> dict[str, Outcome]:
        """Run plays one after the other."""
        return {play.label: await self._apart(play, attempt) for play in plays}

    async def _apart(self, play: Play, attempt: int) -> Outcome:
        """Run a play on its own target, if the pool has more than one.

        A session that would be late again keeps its earlier attempt, and the gaps that only it sleeps in are untested.
        """
        is_repeat = play.role in SESSIONS and attempt > 1
        if is_repeat and self._late_in_a_row >= LATE_IN_A_ROW:
            return "given_up"
        async with self._pool.own(play) as target:
            outcome = await self._run(play, target, attempt, alone=True)
        if is_repeat:
            self._late_in_a_row = self._late_in_a_row + 1 if outcome in {"given_up", "stopped"} else 0
        return outcome

    async def _run(self, play: Play, target: Target, attempt: int, *, alone: bool) -> Outcome:
        def say(phase: str) -> None:
            self._progress(play.label, phase)

        runner = PlayRunner(
            play,
            target,
            self._history,
            environment=PlayEnvironment(self._environment, say, self._fail, self._pool.attendance),
            sleep=self._options.sleep,
            attempt=Attempt(attempt, alone=alone, is_last=attempt == ATTEMPTS),
            canaries=self._canaries,
        )
        outcome = await runner.run()
        say(outcome)
        return outcome


def waits(time: Spent) -> bool:
    """Return whether a session that took this time mostly waited, by how poc spent it; without Linux nobody knows."""
    length_s, busy = time.length_ns / 1e9, time.ran + time.waited
    return length_s >= _WAITS_SECONDS and 0 < busy < _WAITS_SHARE


def longest_wait(plays: Sequence[Play]) -> float:
    """Return how many seconds the play with the longest waits waits, which the others do meanwhile."""
    return max(map(_seconds, plays), default=0.0)


def _seconds(play: Play) -> float:
    """Return how long a play waits: for the idle timer, in `idle` steps, and for alarms, at most as long as it says."""
    return sum(_wait_seconds(placed.step) for placed in play.steps)


def _wait_seconds(step: Step) -> float:
    match step:
        case Hibernate(hibernate="idle"):
            return IDLE_TIMER_SECONDS
        case Idle():
            return step.idle
        case Alarm():
            return step.within
    return 0.0


def _first(failures: BaseExceptionGroup) -> BaseException:
    """Return the failure to report: a PocError if there is one."""
    found = [_first(each) if isinstance(each, BaseExceptionGroup) else each for each in failures.exceptions]
    return next((failure for failure in found if isinstance(failure, PocError)), found[0])
