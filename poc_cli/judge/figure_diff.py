"""Decide whether a figure changed between two runs, from its values, without counting chance as a change."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, exp, log, sqrt
from random import Random
from statistics import fmean
from typing import Final

from poc_cli.judge.document_types import Figure, RunDocument
from poc_cli.judge.figures import at_rank, value_at

Figures = Mapping[str, Figure]

PERCENTILES: Final = {"p50": 0.50, "p90": 0.90, "p99": 0.99}

FACTORS: Final = {
    "wake_ms": 1.13,
    "warm_ms": 1.1,
    "asleep_after_ms": 1.1,
    "storm_ms": 5.0,
    "broadcast_ms": 5.0,
}
"""How far the ratio must at least be from 1 to count as a change. The medians of the idle timer were within 0.5 % in
210 pairs of 21 runs. Latencies are compared with a yardstick (`_beside_a_yardstick`), as the values of one run share
the state of the machine at that minute: between two runs of the same code the median of a wake differed by up to 4.4
times on a busy machine and 7.4 times beside two busy loops, that of a warm answer 16 and 34 times.

For loads, measured on the 276 pairs of 24 runs of a thousand sockets on a busy machine: storms and broadcasts differed
by up to 4.7 times. Handshakes and answers in a chat differed by up to 71 times, so they are not compared."""

BEYOND: Final = 5
"""How many values must lie on either side of a percentile to compare it: nearer the end, one value would decide."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The number and the ends of a figure's compared values in one run, in milliseconds."""

    n: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Change:
    """One percentile of a figure in both runs, in milliseconds; None if a run does not have it.

    `changed` is None if that is unknown; `why` is the reason.
    """

    name: str
    before: float | None
    after: float | None
    ratio: float | None
    interval: tuple[float, float] | None
    changed: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class FigureDiff:
    """One figure by its name in run.json. `apart` are the scenarios that only one run measured."""

    name: str
    factor: float
    before: Spread | None
    after: Spread | None
    changes: tuple[Change, ...]
    apart: tuple[str, ...] = ()


def figures_between(before: RunDocument, after: RunDocument, noise: float | None = None) -> list[FigureDiff]:
    """Return the comparisons of all figures that either run has; `noise` is `NOISE` unless it is being chosen."""
    return list(_figures(before.get("figures") or {}, after.get("figures") or {}, NOISE if noise is None else noise))


def _figures(before: Figures, after: Figures, noise: float) -> Iterator[FigureDiff]:
    for name, factor in FACTORS.items():
        was, now = before.get(name), after.get(name)
        if was is None and now is None:
            continue
        if was is None or now is None:
            yield _undecided(name, factor, was, now, "only one run measured it")
        elif "samples" not in was or "samples" not in now:
            yield _undecided(name, factor, was, now, "an older version of poc kept no values")
        elif name in _OF_THE_MACHINE:
            yield _beside_a_yardstick(name, factor, was, now, noise)
        else:
            yield _compared(name, factor, was["samples"], now["samples"])


_OF_THE_MACHINE: Final = frozenset({"wake_ms", "warm_ms"})
"""The figures that depend on how fast the machine is at the moment."""

NOISE: Final = 2.6
"""How far the logarithm of a ratio must be from 0, times the root of the number of values: with four times as many, the
fastest tenth of a run scattered by about half (0.10 of 50 values, 0.045 of 200). Of the 380 pairs of 40 recorded runs
of 400 wakes, at a load of 9 to 28 on two cores, one is called a change (tests/unit/judge/samples). These are the runs
on which it was chosen, so they do not show that no other pair is. More than 400 values scatter no less (0.035 of 1,000,
at a load of 14 to 29), which is why the factor of `FACTORS` is not nearer to 1."""

_TAIL: Final = "only the fastest are compared"
_NO_YARDSTICK: Final = "nothing that both runs measured beside it shows how fast the machine was"


def _beside_a_yardstick(name: str, factor: float, was: Figure, now: Figure, noise: float) -> FigureDiff:
    """Compare wakes in units of those of poc's own object between them; with fewer values they must differ by more.

    The ratio is of the fastest tenth of the values, which other work on the machine disturbs least.
    """
    every = was["samples"], now["samples"]
    rulers = was.get("own_wakes") or {}, now.get("own_wakes") or {}
    common = every[0].keys() & every[1].keys()
    beside = common & rulers[0].keys() & rulers[1].keys()
    if not beside:
        found = _compared(name, factor, *every)
        changes = (replace(each, interval=None, changed=None, why=_NO_YARDSTICK) for each in found.changes)
        return replace(found, changes=tuple(changes)) if common else found
    apart = tuple(sorted((every[0].keys() | every[1].keys()) - beside))
    values, own = (tuple(_pooled(each, beside) for each in pair) for pair in (every, rulers))
    least = min(map(len, (*values, *own)))
    others = [_tail(percentile, at_rank(values[0], rank), at_rank(values[1], rank)) for percentile, rank in _RANKS]
    spreads = _spread(values[0]), _spread(values[1])
    levels = [_level(each) if each[0] > 0 else None for each in (*values, *own)]
    if least < LEAST or None in levels:
        why = f"too few values: {least}, and {LEAST} are needed" if least < LEAST else "a value is not above zero"
        return FigureDiff(name, factor, *spreads, (Change(FASTEST, None, None, None, None, None, why), *others), apart)
    before, after, own_before, own_after = (each or 0.0 for each in levels)
    ratio = exp(after - own_after - before + own_before)
    beyond = max(factor, exp(noise / sqrt(least)))
    changed = not 1 / beyond <= ratio <= beyond
    why = f"beside the wakes of poc's own object, the ratio is {'' if changed else 'not '}beyond {beyond:.2f}"
    fastest = Change(FASTEST, exp(before), exp(after), ratio, (ratio / beyond, ratio * beyond), changed, why)
    return FigureDiff(name, beyond, *spreads, (fastest, *others), apart)


def _tail(percentile: str, before: float, after: float) -> Change:
    return Change(percentile, before, after, after / before if before else None, None, None, _TAIL)


_RANKS: Final = tuple(PERCENTILES.items())

FASTEST: Final = "fastest 10 %"
_SHARE: Final = 0.1

LEAST: Final = 10
"""Fewer values have no tenth."""


def _level(ranked: Sequence[float]) -> float:
    """Return the mean of the logarithms of the fastest of values in ascending order."""
    return fmean(map(log, ranked[: max(1, int(_SHARE * len(ranked)))]))


def _undecided(name: str, factor: float, was: Figure | None, now: Figure | None, why: str) -> FigureDiff:
    changes = []
    for percentile in PERCENTILES:
        before, after = _percentile(was, percentile), _percentile(now, percentile)
        ratio = after / before if before and after is not None else None
        changes.append(Change(percentile, before, after, ratio, None, None, why))
    return FigureDiff(name, factor, _recorded_spread(was), _recorded_spread(now), tuple(changes))


def _percentile(figure: Figure | None, percentile: str) -> float | None:
    return None if figure is None else value_at(figure, "median" if percentile == "p50" else percentile)


def _recorded_spread(figure: Figure | None) -> Spread | None:
    return None if figure is None else Spread(int(figure["n"]), float(figure["min"]), float(figure["max"]))


def _compared(name: str, factor: float, was: dict[str, list[float]], now: dict[str, list[float]]) -> FigureDiff:
    """Compare the values of the scenarios that both runs measured; others would shift the percentiles."""
    common = was.keys() & now.keys()
    apart = tuple(sorted(was.keys() ^ now.keys()))
    if not common:
        why = "the runs measured it in different scenarios"
        changes = tuple(Change(percentile, None, None, None, None, None, why) for percentile in PERCENTILES)
        return FigureDiff(name, factor, None, None, changes, apart)
    before, after = _pooled(was, common), _pooled(now, common)
    changes = tuple(_change(percentile, before, after, factor) for percentile in PERCENTILES)
    return FigureDiff(name, factor, _spread(before), _spread(after), changes, apart)


def _pooled(samples: dict[str, list[float]], scenarios: set[str]) -> list[float]:
    return sorted(value for name in scenarios for value in samples[name])


def _spread(ranked: list[float]) -> Spread:
    return Spread(len(ranked), ranked[0], ranked[-1])


def _change(name: str, before: list[float], after: list[float], factor: float) -> Change:
    share = PERCENTILES[name]
    was, now = at_rank(before, share), at_rank(after, share)
    if before[0] <= 0 or after[0] <= 0:  # the clock did not advance, so a ratio means nothing
        return Change(name, was, now, None, None, None, "a value is not above zero")
    least = min(len(before), len(after))
    if least < needed(share):
        why = f"too few values: {least}, and {needed(share)} are needed"
        return Change(name, was, now, now / was, None, None, why)
    low, high = ratio_interval(before, after, share)
    changed = low > factor or high < 1 / factor
    why = f"the ratio is surely {'beyond' if changed else 'not beyond'} {factor:g}"
    if not changed and (high > factor or low < 1 / factor):
        why = f"the ratio is not surely beyond {factor:g}"
    return Change(name, was, now, now / was, (low, high), changed, why)


def needed(share: float) -> int:
    """Return how many values are needed to compare a percentile."""
    return ceil(BEYOND / min(share, 1 - share) - 1e-9)


RESAMPLES: Final = 10_000
"""Enough for fifty draws beyond each end of a 99 % interval; takes 20 ms."""

CONFIDENCE: Final = 0.99
"""A comparison has seven or more figures, so that 95 % would report a false change in every third comparison."""

_SEED: Final = 20261122
"""Any fixed number: two readers of the same runs get the same interval."""


def ratio_interval(before: list[float], after: list[float], share: float) -> tuple[float, float]:
    """Return the bootstrap interval of after/before at this percentile, for ascending values above 0.

    Sorting each resample is not needed: the k-th smallest of n draws with replacement is the value at the rank that the
    k-th smallest of n uniform numbers names, and that number has the beta distribution of (k, n - k + 1).
    """
    random = Random(_SEED)  # noqa: S311 - statistics, no secrets
    ratios = sorted(_drawn(after, share, random) / _drawn(before, share, random) for _ in range(RESAMPLES))
    tail = (1 - CONFIDENCE) / 2
    return at_rank(ratios, tail), at_rank(ratios, 1 - tail)


def _drawn(ranked: list[float], share: float, random: Random) -> float:
    """Return the percentile of one resample."""
    number = len(ranked)
    rank = max(1, ceil(share * number))
    return ranked[min(number - 1, int(number * random.betavariate(rank, number - rank + 1)))]
