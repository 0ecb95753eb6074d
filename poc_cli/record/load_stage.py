"""The results of a shard: each stage, and the outcome of every socket. Results are merged by addition."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from poc_cli.record.latency import merged as merged_latency
from poc_cli.record.ranges import Ranges, indexes, ranges

_NUMBERS = (
    "opened",
    "failed",
    "left",
    "cut",
    "sent",
    "due",
    "came",
    "late",
    "strays",
    "foreign",
    "unmarked",
    "unsent",
)


@dataclass(slots=True)
class StageResult:
    """The results of one stage. Times are milliseconds of the shard's clock since the common start.

    `told` has an entry for each answer with an instance id: room, socket, instance, whether it came after the sleep,
    and whether its connection was already open before. `losses` has the reason, the number and the sockets of lost
    arrivals. `latencies` are encoded histograms by name.
    """

    index: int
    verb: str
    how: str
    round: int
    began_ms: float
    ended_ms: float = 0.0
    outcome: str = "done"
    opened: int = 0
    failed: int = 0
    left: int = 0
    cut: int = 0
    sent: int = 0
    due: int = 0
    came: int = 0
    late: int = 0
    strays: int = 0
    foreign: int = 0
    unmarked: int = 0
    unsent: int = 0
    lag_ms: float = 0.0
    quiet_ms: float | None = None
    """For a sleep: how long no message had been sent or received when the first one after it was sent."""
    reached_ms: float | None = None
    """For a storm: from its start to its last answer or arrival, before the roll call."""
    open: Ranges = field(default_factory=list)
    """For a sleep: the sockets that were open when it began."""
    answered: Ranges = field(default_factory=list)
    """The sockets that were open at the last sleep and got an answer since, on the same connection."""
    dropped: list[dict[str, Any]] = field(default_factory=list)
    losses: list[dict[str, Any]] = field(default_factory=list)
    evicted: list[dict[str, Any]] = field(default_factory=list)
    told: list[list[Any]] = field(default_factory=list)
    latencies: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as recorded in the history."""
        return asdict(self)


@dataclass(slots=True)
class ShardResult:
    """The results of a shard, or of several merged. `fates` lists every socket exactly once."""

    shards: list[int]
    stages: list[StageResult]
    fates: dict[str, Any]
    outcome: str = "done"
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def from_json(values: dict[str, Any]) -> ShardResult:
    """Return the result from its JSON values. Raises TypeError or KeyError for other values."""
    return ShardResult(**(values | {"stages": [StageResult(**each) for each in values["stages"]]}))


def lost_shard(number: int, sockets: range, why: str) -> ShardResult:
    """Return the result of a shard that stopped reporting: nothing is known about its sockets."""
    fates = {**no_fates(), "unknown": [[sockets.start, sockets.stop - 1]] if sockets else []}
    return ShardResult([number], [], fates, "lost", why)


def no_fates() -> dict[str, Any]:
    """Return the outcomes of no sockets."""
    return {"open": [], "dropped": [], "failed": [], "left": [], "never_asked": [], "unknown": []}


def merged(results: Sequence[ShardResult]) -> ShardResult:
    """Merge the results of several shards.

    A stage that a shard did not reach is taken from the others. Raises ValueError for no shards.
    """
    if not results:
        raise ValueError("no shard, no result")
    by_index: dict[int, list[StageResult]] = {}
    for result in results:
        for stage in result.stages:
            by_index.setdefault(stage.index, []).append(stage)
    worst = next((each for each in results if each.outcome != "done"), results[0])
    return ShardResult(
        [number for result in results for number in result.shards],
        [_stage(by_index[index]) for index in sorted(by_index)],
        _fates([result.fates for result in results]),
        worst.outcome,
        worst.reason,
    )


def _stage(parts: Sequence[StageResult]) -> StageResult:
    quiet = [part.quiet_ms for part in parts if part.quiet_ms is not None]
    reached = [part.reached_ms for part in parts if part.reached_ms is not None]
    added = {name: sum(getattr(part, name) for part in parts) for name in _NUMBERS}
    names = sorted({name for part in parts for name in part.latencies})
    return replace(
        parts[0],
        **added,
        began_ms=min(part.began_ms for part in parts),
        ended_ms=max(part.ended_ms for part in parts),
        outcome=next((part.outcome for part in parts if part.outcome != "done"), "done"),
        lag_ms=max(part.lag_ms for part in parts),
        quiet_ms=min(quiet) if quiet else None,
        reached_ms=max(reached) if reached else None,
        open=_together(part.open for part in parts),
        answered=_together(part.answered for part in parts),
        dropped=_grouped([each for part in parts for each in part.dropped]),
        losses=_losses([each for part in parts for each in part.losses]),
        evicted=[each for part in parts for each in part.evicted],
        told=[each for part in parts for each in part.told],
        latencies={
            name: merged_latency(part.latencies[name] for part in parts if name in part.latencies).encoded()
            for name in names
        },
    )


def _fates(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    lists = {name: _grouped([each for part in parts for each in part[name]]) for name in ("dropped", "failed")}
    plain = ("open", "left", "never_asked", "unknown")
    return {**{name: _together(part[name] for part in parts) for name in plain}, **lists}


def _together(parts: Iterable[Ranges]) -> Ranges:
    return ranges(set().union(*(indexes(part) for part in parts)))


def _grouped(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Merge groups that differ only in their sockets."""
    found: dict[tuple[tuple[str, Any], ...], set[int]] = {}
    for part in parts:
        key = tuple((name, value) for name, value in part.items() if name != "sockets")
        found.setdefault(key, set()).update(indexes(part["sockets"]))
    return [{**dict(key), "sockets": ranges(each)} for key, each in found.items()]


def _losses(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    counts: Counter[str] = Counter()
    for part in parts:
        counts[part["why"]] += part["count"]
    bare = [{name: value for name, value in part.items() if name != "count"} for part in parts]
    return [{**each, "count": counts[each["why"]]} for each in _grouped(bare)]
