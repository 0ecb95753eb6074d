"""Run one shard of a load, in the current event loop or in one of its own."""

import asyncio
import gc
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from random import Random
from typing import Any, Final, TypeVar

from poc_cli.history.late_stretch import Stretch
from poc_cli.load.ledger import Ledger, Tally
from poc_cli.load.load_context import Glance, LoadContext, ShardSupervisor
from poc_cli.load.plan import Step
from poc_cli.load.sharding import Shard
from poc_cli.load.socket_pool import CLOSES_WITHIN_SECONDS, SocketPool, StageCounts, drop_groups
from poc_cli.load.stages import STAGES
from poc_cli.record.load_stage import ShardResult, StageResult
from poc_cli.record.ranges import ranges
from poc_cli.targets.attendance import Attendance

_Result = TypeVar("_Result")

INTERRUPTED: Final = "interrupted"


class Unsupervised:
    """The supervisor of a shard that returns its results itself and cannot evict rooms."""

    def watch(self, glance: Callable[[], Glance]) -> None:
        """Do nothing."""

    def refuses(self) -> str:
        """Allow all sockets."""
        return ""

    def lost_seconds(self) -> float:
        """Report none: the runtime runs elsewhere."""
        return 0.0

    async def evict(self, rooms: Iterable[int]) -> list[dict[str, Any]]:
        """Report that evictions are not possible."""
        return [{"room": room, "outcome": "no_answer", "said": "evictions are not possible here"} for room in rooms]

    def ended(self, result: StageResult) -> None:
        """Do nothing."""


def run_shard(shard: Shard, url: str, headers: Mapping[str, str], start_at: float) -> ShardResult:
    """Run a shard in an event loop of its own and return its result; blocks until it ends.

    `url` is the worker's `http://…` or `https://…` URL; `start_at` the common start in seconds since 1970.
    Failed sockets are in the result. Raises OSError if the host name cannot be resolved.
    """
    return run_loop(execute(shard, url, headers, start_at, Unsupervised()))


def run_loop(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine in uvloop, if available."""
    try:
        import uvloop
    except ImportError:  # not available on Windows
        return asyncio.run(work)
    return uvloop.run(work)


async def execute(
    shard: Shard, url: str, headers: Mapping[str, str], start_at: float, supervisor: ShardSupervisor
) -> ShardResult:
    """Run a shard and return its result; canceling it ends it early with a partial result.

    Each stage's result goes to `supervisor`; only with `Unsupervised` it is in the returned result too.
    Raises what the supervisor raises.
    """
    return await _Execution(shard, url, headers, start_at, supervisor).run()


class _Execution:
    """A running shard."""

    def __init__(
        self, shard: Shard, url: str, headers: Mapping[str, str], start_at: float, supervisor: ShardSupervisor
    ) -> None:
        ledger = Ledger(shard.number, time.monotonic)
        pool = SocketPool(shard, url, headers.items(), ledger)
        random = Random(f"{shard.seed}/{shard.number}")  # noqa: S311 - repeatable, not secret
        self._shard = shard
        self._supervisor = supervisor
        self._context = LoadContext(shard.plan, pool, ledger, supervisor, random)
        self._step: Step | None = None
        self._delay = max(0.0, start_at - time.time()) if start_at else 0.0
        self._origin = time.monotonic() + self._delay
        self._result = ShardResult([shard.number], [], {})
        self._attendance = Attendance()
        self._attendance.listener = self._stood_still

    def _stood_still(self, stretch: Stretch) -> None:
        self._context.stalled_seconds += stretch.length_ns / 1e9
        self._context.ledger.stood_still(stretch.length_ns / 1e9)

    async def run(self) -> ShardResult:
        pool, result = self._context.pool, self._result
        self._supervisor.watch(lambda: self._context.glance(self._step))
        beside = [asyncio.create_task(pool.enforce_deadlines()), asyncio.create_task(self._attendance.beat())]
        try:
            await asyncio.sleep(self._delay)
            await pool.resolve()
            await self._stages()
            result.fates = pool.fates()
            if not pool.is_on_loopback:  # poc's own runtime ends with its sockets anyway
                pool.leave_all()
                await self._context.until(lambda: not pool.closing, CLOSES_WITHIN_SECONDS)
        except asyncio.CancelledError:
            result.outcome, result.reason = INTERRUPTED, INTERRUPTED
        finally:
            for task in beside:
                task.cancel()
            gc.unfreeze()
            result.fates = result.fates or pool.fates()
            pool.abort_all()
        return result

    async def _stages(self) -> None:
        planned = self._origin
        for index, step in enumerate(self._shard.plan.stages):
            await self._stage(index, step)
            planned += step.longest
            if self._shard.lockstep and index + 1 < len(self._shard.plan.stages):
                await asyncio.sleep(planned - self._context.now())
            if step.verb == "ramp":
                # Freeze what lasts to the end: with 10,000 sockets a full garbage collection takes 0.1 s (measured).
                gc.collect()
                gc.freeze()

    async def _stage(self, index: int, step: Step) -> None:
        context = self._context
        context.ledger.begin()
        context.pool.counts = StageCounts()
        self._step = step
        lost = self._supervisor.lost_seconds()
        result = StageResult(index, step.verb, step.how, step.round, began_ms=self._ms())
        if step.verb == "sleep":
            for socket in context.pool.open_sockets():
                socket.is_witness = False
        try:
            await STAGES[step.verb](context, step, result)
        except asyncio.CancelledError:
            context.ledger.cancel()
            self._end(result, INTERRUPTED)
            raise
        # Replies of a runtime that was stopped are as late as those that were read late.
        context.ledger.stood_still(self._supervisor.lost_seconds() - lost)
        self._end(result, "done")

    def _end(self, result: StageResult, outcome: str) -> None:
        result.outcome = outcome
        result.ended_ms = self._ms()
        self._attendance.observe()  # the next periodic check may still be due
        _add_counts(result, self._context.ledger.tally, self._context.pool.counts)
        if isinstance(self._supervisor, Unsupervised):
            self._result.stages.append(result)
        self._supervisor.ended(result)

    def _ms(self) -> float:
        return round(1000 * (self._context.now() - self._origin), 3)


def _add_counts(result: StageResult, tally: Tally, counts: StageCounts) -> None:
    """Copy the counts of a stage into its result."""
    result.opened, result.failed, result.left, result.cut = counts.opened, counts.failed, counts.left, counts.cut
    result.dropped = drop_groups(counts.drops)
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
