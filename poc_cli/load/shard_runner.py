"""One shard of a load from its first handshake to its account: in a loop that is there, or in one of its own."""

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from random import Random
from typing import Any, Final, TypeVar

from poc_cli.load.ledger import Ledger, Tally
from poc_cli.load.load_context import Conductor, Glance, LoadContext
from poc_cli.load.plan import Step
from poc_cli.load.sharding import Shard
from poc_cli.load.socket_pool import CLOSES_WITHIN_SECONDS, Doings, SocketPool, dropped_told
from poc_cli.load.stages import STAGES
from poc_cli.record.load_stage import ShardResult, StageResult
from poc_cli.record.ranges import ranges
from poc_cli.targets.attendance import Attendance

_Result = TypeVar("_Result")

INTERRUPTED: Final = "interrupted"


class Alone:
    """The conductor of a shard that nobody watches: it keeps its results itself, and can force nobody to sleep."""

    def watch(self, glance: Callable[[], Glance]) -> None:
        """Take no notice."""

    def refuses(self) -> str:
        """Let everything be opened."""
        return ""

    async def evict(self, rooms: Iterable[int]) -> list[dict[str, Any]]:
        """Evict nobody."""
        return [{"room": room, "outcome": "no_answer", "said": "nobody here can evict"} for room in rooms]

    def ended(self, result: StageResult) -> None:
        """Take no notice."""


def run_shard(shard: Shard, url: str, headers: Mapping[str, str], start_at: float) -> ShardResult:
    """Carry a shard out in an event loop of its own and give its result; blocks until it is over.

    `url` is where the worker is, as `http://…` or `https://…`; `start_at` the common start in seconds since 1970.
    Sockets that fail are in the result and raise nothing. Raises OSError if the name of the target is not known.
    """
    return run_loop(perform(shard, url, headers, start_at, Alone()))


def run_loop(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run the work in the fastest event loop there is."""
    try:
        import uvloop
    except ImportError:  # it has no Windows; there asyncio does the same, more slowly
        return asyncio.run(work)
    return uvloop.run(work)


async def perform(
    shard: Shard, url: str, headers: Mapping[str, str], start_at: float, conductor: Conductor
) -> ShardResult:
    """Carry a shard out and give its result; being cancelled ends it early and gives what there is.

    `conductor` hears of each stage at its end, and its results are kept by it alone unless it is `Alone`.
    Raises what the conductor raises.
    """
    return await _Performance(shard, url, headers, start_at, conductor).whole()


class _Performance:
    """A shard under way."""

    def __init__(
        self, shard: Shard, url: str, headers: Mapping[str, str], start_at: float, conductor: Conductor
    ) -> None:
        ledger = Ledger(shard.number, time.monotonic)
        crowd = SocketPool(shard, url, headers.items(), ledger)
        chance = Random(f"{shard.seed}/{shard.number}")  # noqa: S311 - repeatable, not secret
        self._shard = shard
        self._conductor = conductor
        self._scene = LoadContext(shard.plan, crowd, ledger, conductor, chance)
        self._step: Step | None = None
        self._delay = max(0.0, start_at - time.time()) if start_at else 0.0
        self._origin = time.monotonic() + self._delay
        self._result = ShardResult([shard.number], [], {})
        self._attendance = Attendance()
        self._attendance.listener = lambda stretch: ledger.stood_still(stretch.length_ns / 1e9)

    async def whole(self) -> ShardResult:
        crowd, result = self._scene.crowd, self._result
        self._conductor.watch(lambda: self._scene.glance(self._step))
        beside = [asyncio.create_task(crowd.sweep()), asyncio.create_task(self._attendance.beat())]
        try:
            await asyncio.sleep(self._delay)
            await crowd.locate()
            await self._stages()
            result.fates = crowd.fates()
            if not crowd.is_on_loopback:  # a runtime of ours ends with its sockets anyway
                crowd.depart()
                await self._scene.until(lambda: not crowd.closing, CLOSES_WITHIN_SECONDS)
        except asyncio.CancelledError:
            result.outcome, result.reason = INTERRUPTED, INTERRUPTED
        finally:
            for task in beside:
                task.cancel()
            gc.unfreeze()
            result.fates = result.fates or crowd.fates()
            crowd.abandon()
        return result

    async def _stages(self) -> None:
        planned = self._origin
        for index, step in enumerate(self._shard.plan.stages):
            await self._stage(index, step)
            planned += step.longest
            if self._shard.lockstep and index + 1 < len(self._shard.plan.stages):
                await asyncio.sleep(planned - self._scene.now())
            if step.verb == "ramp":
                # What lasts to the end need not be looked at by every collection: at ten thousand sockets one of all
                # generations stops everything for a tenth of a second (measured).
                gc.collect()
                gc.freeze()

    async def _stage(self, index: int, step: Step) -> None:
        scene = self._scene
        scene.ledger.begin()
        scene.crowd.doings = Doings()
        self._step = step
        result = StageResult(index, step.verb, step.how, step.round, began_ms=self._ms())
        if step.verb == "sleep":
            for socket in scene.crowd.open_sockets():
                socket.is_witness = False
        try:
            await STAGES[step.verb](scene, step, result)
        except asyncio.CancelledError:
            scene.ledger.cancel()
            self._end(result, INTERRUPTED)
            raise
        self._end(result, "done")

    def _end(self, result: StageResult, outcome: str) -> None:
        result.outcome = outcome
        result.ended_ms = self._ms()
        self._attendance.observe()  # the beat that would tell may still be due
        _account(result, self._scene.ledger.tally, self._scene.crowd.doings)
        if isinstance(self._conductor, Alone):
            self._result.stages.append(result)
        self._conductor.ended(result)

    def _ms(self) -> float:
        return round(1000 * (self._scene.now() - self._origin), 3)


def _account(result: StageResult, tally: Tally, doings: Doings) -> None:
    """Write what was counted in a stage into its result."""
    result.opened, result.failed, result.left, result.cut = doings.opened, doings.failed, doings.left, doings.cut
    result.dropped = dropped_told(doings.drops)
    result.sent, result.due, result.came = tally.sent, tally.due, tally.came
    result.late, result.strays, result.foreign = tally.late, tally.strays, tally.foreign
    result.unmarked, result.unsent = tally.unmarked, tally.unsent
    result.lag_ms = round(1000 * tally.lag, 3)
    result.answered = ranges(tally.answered)
    result.losses = [
        {"why": why, "count": counted.total(), "sockets": ranges(counted)}
        for why, counted in (
            ("unanswered", tally.unanswered),
            ("ended first", tally.cut_off),
            ("interrupted", tally.given_up),
        )
        if counted
    ]
    result.latencies = {name: latency.encoded() for name, latency in tally.latencies.items()}
