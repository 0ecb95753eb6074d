"""Keep the shards of a load in lockstep without communication, and detect shards that fall behind."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from poc_cli.errors import UsageError
from poc_cli.load.plan import Plan
from poc_cli.record.load_stage import ShardResult, StageResult

APART_SECONDS: Final = 1.0
"""The most that parts may be apart. Clock errors are a few milliseconds; a busy machine may be later."""


def in_step(plan: Plan) -> Plan:
    """Return the plan for several processes, with longer sleeps, so that all parts are idle long enough together.

    Raises UsageError for a sleep by eviction.
    """
    if any(step.verb == "sleep" and step.how == "evict" for step in plan.stages):
        message = "the workers of a cluster cannot evict an object"
        raise UsageError(message, "use the idle timer: --sleep natural")
    return replace(
        plan,
        stages=tuple(
            replace(step, seconds=step.seconds + APART_SECONDS) if step.verb == "sleep" else step
            for step in plan.stages
        ),
    )


def sharing(plan: Plan, parts: int) -> bool:
    """Return whether a room may have sockets of several parts."""
    return plan.rooms < parts


def behind(results: Sequence[ShardResult]) -> dict[int, float]:
    """Return the parts that began a sleep too long after the first part, with their largest delay in seconds."""
    found: dict[int, float] = {}
    for stages in _sleeps(results):
        first = min(stage.began_ms for _, stage in stages)
        for shard, stage in stages:
            late = (stage.began_ms - first) / 1000
            if late > APART_SECONDS:
                found[shard] = max(late, found.get(shard, 0.0))
    return found


def with_common_quiet(results: Sequence[ShardResult], error: float) -> list[ShardResult]:
    """Return the results with each idle time cut to what all parts share, with clock errors up to `error` seconds."""
    common: dict[int, float] = {}
    for stages in _sleeps(results):
        begins = max(stage.ended_ms - (stage.quiet_ms or 0.0) for _, stage in stages)
        ends = min(stage.ended_ms for _, stage in stages)
        common[stages[0][1].index] = max(0.0, ends - begins - 2000 * error)
    return [replace(result, stages=[_quiet(stage, common) for stage in result.stages]) for result in results]


def _quiet(stage: StageResult, common: dict[int, float]) -> StageResult:
    if stage.quiet_ms is None:
        return stage
    return replace(stage, quiet_ms=min(stage.quiet_ms, common[stage.index]))


def _sleeps(results: Sequence[ShardResult]) -> list[list[tuple[int, StageResult]]]:
    """Return each sleep's stage results of all parts, with the parts' numbers."""
    found: dict[int, list[tuple[int, StageResult]]] = {}
    for result in results:
        for stage in result.stages:
            if stage.verb == "sleep":
                found.setdefault(stage.index, []).append((result.shards[0], stage))
    return list(found.values())
