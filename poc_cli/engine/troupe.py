"""Which play goes on in which place: most side by side in one, some in one of their own, and second attempts.

Never looks into a play; it only sees how each ended.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from poc_cli.engine.admission import Admission, sockets_possible
from poc_cli.engine.ears import Ears
from poc_cli.engine.performance import Outcome, Performance, SleepMode
from poc_cli.engine.sleeping import IDLE_TIMER_SECONDS
from poc_cli.engine.turns import BUSY_AT_ONCE, Turn
from poc_cli.engine.venue import Venue
from poc_cli.errors import PocError
from poc_cli.history.writer import HistoryWriter
from poc_cli.scenario.model import Hibernate, Idle
from poc_cli.scenario.plays import Play
from poc_cli.target.api import Api
from poc_cli.target.base import Target
from poc_cli.target.busyness import BUSY

if TYPE_CHECKING:
    from poc_cli.engine.sentinels import Watch
    from poc_cli.foreign.abroad import Abroad

Progress = Callable[[str, str], None]
"""Is told a play's label and what it is doing now."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the worker for all plays: poc's API, and what the scenarios bring, None where they do not."""

    api: Api
    abroad: "Abroad | None" = None


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

    def __init__(
        self, venue: Venue, history: HistoryWriter, wishes: Wishes, progress: Progress, beside: Beside
    ) -> None:
        """Take where they are played, and what they share."""
        self._venue = venue
        self._history = history
        self._wishes = wishes
        self._progress = progress
        self._beside = beside
        self._busy = asyncio.Semaphore(BUSY_AT_ONCE)
        self._places = asyncio.Semaphore(wishes.jobs)
        self._whole: asyncio.Task[object] | None = None
        self._failure: PocError | None = None
        self._watch: Watch | None = None
        self._own_places = asyncio.Semaphore(max(1, venue.apart_at_once))

    async def play(self, plays: list[Play]) -> list[Outcome]:
        """Play them: together what can be together, then alone what measures."""
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

    async def _play(self, plays: list[Play]) -> list[Outcome]:
        # What has to let the most time pass begins first, so that all windows overlap.
        plays = sorted(plays, key=_seconds, reverse=True)
        together = [play for play in plays if not self._venue.is_apart(play)]
        apart = [play for play in plays if self._venue.is_apart(play)]
        # What measures wants nobody beside it; where all share one worker, neither does what disturbs the others.
        beside = [play for play in apart if self._venue.apart_at_once and not play.scenario.document.measures]
        after = [play for play in apart if not self._venue.apart_at_once or play.scenario.document.measures]
        async with self._venue.watched(plays, self._history) as self._watch:
            try:
                async with asyncio.TaskGroup() as group:
                    shared = group.create_task(self._together(together))
                    others = [group.create_task(self._apart(play)) for play in beside]
            except BaseExceptionGroup as failures:
                raise _first(failures) from None
            alone = [await self._apart(play) for play in after]
        return [*shared.result(), *(other.result() for other in others), *alone]

    async def _together(self, plays: list[Play], attempt: int = 1) -> list[Outcome]:
        """Play side by side in one place; what was given up there is played once more, each in one of its own.

        Where there is only one place, those that were given up go on side by side again.
        """
        admission = Admission(sockets_possible())
        async with self._venue.shared() as target, asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._admitted(play, target, admission, attempt)) for play in plays]
        outcomes = [task.result() for task in tasks]
        given_up = [play for play, outcome in zip(plays, outcomes, strict=True) if outcome == "given_up"]
        again: list[Outcome] = []
        if given_up and self._venue.apart_at_once:
            again = await asyncio.gather(*(self._apart(play, attempt + 1) for play in given_up))
        elif given_up:
            again = await self._together(given_up, attempt + 1)
        return [*(outcome for outcome in outcomes if outcome != "given_up"), *again]

    async def _admitted(self, play: Play, target: Target, admission: Admission, attempt: int) -> Outcome:
        async with self._places, admission.of(len(play.clients)):
            return await self._perform(play, target, attempt)

    async def _apart(self, play: Play, attempt: int = 1) -> Outcome:
        """Play in a place of its own, or where there is none without any other play beside it."""
        async with self._own_places, self._venue.own(play) as target:
            outcome = await self._perform(play, target, attempt)
        return outcome if outcome != "given_up" else await self._apart(play, attempt + 1)

    async def _perform(self, play: Play, target: Target, attempt: int) -> Outcome:
        def say(phase: str) -> None:
            self._progress(play.label, phase)

        performance = Performance(
            play,
            target,
            self._history,
            ears=Ears(say, self._fail, self._beside.api, self._beside.abroad),
            sleep=self._wishes.sleep,
            turn=Turn(self._busy, lambda: _busy_from_now(target)),
            attempt=attempt,
            watch=self._watch,
        )
        outcome = await performance.perform()
        say(outcome)
        return outcome


def _busy_from_now(target: Target) -> Callable[[], bool]:
    """Give what says whether the runtime or we have had too much to do since this call."""
    busyness = target.busyness
    mark = busyness.mark()
    return lambda: busyness.busy_since(mark) >= BUSY


def _seconds(play: Play) -> float:
    """Give how long a play must let time pass at least: its sleeps by the idle timer, and what it waits besides."""
    steps = [placed.step for placed in play.steps]
    sleeps = sum(isinstance(step, Hibernate) and step.hibernate == "idle" for step in steps)
    return sleeps * IDLE_TIMER_SECONDS + sum(step.idle for step in steps if isinstance(step, Idle))


def _first(failures: BaseExceptionGroup) -> BaseException:
    """Give the failure that a person should hear of: one of ours before any other."""
    found = [_first(each) if isinstance(each, BaseExceptionGroup) else each for each in failures.exceptions]
    return next((failure for failure in found if isinstance(failure, PocError)), found[0])
