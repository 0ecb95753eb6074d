"""Whether a figure changed: never by chance, never by another mix of scenarios, and never from too few values."""

import json
from itertools import combinations, permutations
from math import exp
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from poc_cli.judge.figure_diff import FASTEST, Change, FigureDiff, figures_between, needed, ratio_interval
from poc_cli.judge.figures import MOST_SAMPLES, _kept


def latencies(number: int, middle: float, seed: int) -> list[float]:
    """Return values as latencies are: above zero, with a long tail."""
    random = Random(seed)  # noqa: S311 - test data
    return sorted(random.lognormvariate(0, 0.4) * middle for _ in range(number))


def run(name: str = "storm_ms", **samples: list[float]) -> Any:
    values = sorted(value for each in samples.values() for value in each)
    spread = {"n": len(values), "min": values[0], "median": values[len(values) // 2], "p90": 1, "p99": 1}
    return {"figures": {name: spread | {"max": values[-1], "samples": samples}}}


def between(before: Any, after: Any) -> FigureDiff:
    (figure,) = figures_between(before, after)
    return figure


def percentile(figure: FigureDiff, name: str = "p50") -> Change:
    return next(change for change in figure.changes if change.name == name)


def test_a_run_beside_itself_has_not_changed() -> None:
    one = run(story=latencies(50, 2.0, 1))
    for change in between(one, one).changes:
        assert change.ratio == 1
        assert change.changed is (None if change.name == "p99" else False)


def test_values_of_one_distribution_are_never_called_a_change() -> None:
    for seed in range(10):
        figure = between(run(story=latencies(50, 2.0, seed)), run(story=latencies(50, 2.0, 1000 + seed)))
        assert not any(change.changed for change in figure.changes), seed


@pytest.mark.parametrize(("factor", "changed"), [(1.3, False), (4.5, False), (8.0, True), (1 / 8, True), (0.3, False)])
def test_a_change_is_one_that_is_surely_beyond_the_factor(factor: float, *, changed: bool) -> None:
    figure = between(run(story=latencies(50, 2.0, 1)), run(story=latencies(50, 2.0 * factor, 2)))
    found = percentile(figure)
    assert found.changed is changed
    assert found.interval is not None
    assert found.interval[0] <= found.ratio <= found.interval[1] if found.ratio else False


def test_a_ratio_just_beyond_the_factor_may_be_chance() -> None:
    figure = between(run(story=latencies(50, 2.0, 1)), run(story=latencies(50, 11.5, 1)))
    found = percentile(figure)
    assert (found.ratio or 0) > 5
    assert (found.changed, found.why) == (False, "the ratio is not surely beyond 5")


def test_idle_sleep_that_begins_a_second_later_has_changed() -> None:
    before, after = [10_000.0 + n for n in range(12)], [11_500.0 + n for n in range(12)]
    assert percentile(between(run("asleep_after_ms", a=before), run("asleep_after_ms", a=after))).changed is True


@pytest.mark.parametrize(("share", "values"), [(0.50, 10), (0.90, 50), (0.99, 500)])
def test_too_few_values_decide_nothing(share: float, values: int) -> None:
    assert needed(share) == values
    name = f"p{share * 100:.0f}"
    few = between(run(story=latencies(values - 1, 2.0, 1)), run(story=latencies(values, 20.0, 2)))
    assert percentile(few, name).changed is None
    assert percentile(few, name).why == f"too few values: {values - 1}, and {values} are needed"
    assert percentile(few, name).ratio is not None
    enough = between(run(story=latencies(values, 2.0, 1)), run(story=latencies(values, 40.0, 2)))
    assert percentile(enough, name).changed is True


def test_only_scenarios_that_both_runs_measured_are_compared() -> None:
    quick, slow = latencies(50, 1.0, 1), latencies(500, 50.0, 2)
    figure = between(run(quick=quick), run(quick=quick, slow=slow))
    assert figure.apart == ("slow",)
    assert (figure.after.n if figure.after else 0) == 50
    assert percentile(figure).ratio == 1


def test_runs_that_measured_in_different_scenarios_are_not_compared() -> None:
    figure = between(run(one=latencies(50, 1.0, 1)), run(other=latencies(50, 9.0, 1)))
    assert figure.apart == ("one", "other")
    assert {(change.changed, change.ratio) for change in figure.changes} == {(None, None)}


def test_a_run_without_values_is_shown_but_not_compared() -> None:
    old = run(story=latencies(50, 1.0, 1))
    del old["figures"]["storm_ms"]["samples"]
    found = percentile(between(old, run(story=latencies(50, 9.0, 1))))
    assert found.changed is None
    assert found.before is not None
    assert found.why == "an older version of poc kept no values"


def test_a_figure_of_one_run_alone_is_shown_but_not_compared() -> None:
    found = percentile(between({"figures": {}}, run(story=latencies(50, 1.0, 1))))
    assert (found.before, found.changed, found.why) == (None, None, "only one run measured it")
    assert figures_between(cast("Any", {"figures": {}}), cast("Any", {})) == []


def test_a_clock_that_stood_still_is_not_divided_by() -> None:
    found = percentile(between(run(story=[0.0] * 50), run(story=latencies(50, 1.0, 1))))
    assert (found.changed, found.ratio) == (None, None)


def test_the_interval_is_the_same_each_time_and_narrower_with_more_values() -> None:
    few, many = latencies(50, 2.0, 1), latencies(1000, 2.0, 1)
    assert ratio_interval(few, few, 0.5) == ratio_interval(few, few, 0.5)
    (low, high), (lower, higher) = ratio_interval(many, many, 0.5), ratio_interval(few, few, 0.5)
    assert lower < low < 1 < high < higher


def test_the_interval_agrees_with_resampling_by_hand() -> None:
    """The shortcut draws ranks; here each resample is drawn value by value and sorted."""
    before, after = latencies(60, 2.0, 5), latencies(40, 3.0, 6)
    random = Random(7)  # noqa: S311 - test data
    drawn = sorted(
        sorted(random.choices(after, k=40))[19] / sorted(random.choices(before, k=60))[29] for _ in range(10_000)
    )
    low, high = ratio_interval(before, after, 0.5)
    assert low == pytest.approx(drawn[50], rel=0.05)
    assert high == pytest.approx(drawn[-50], rel=0.05)


def test_a_run_keeps_a_thousand_values_of_a_scenario_and_both_ends() -> None:
    assert _kept([3.0, 4.0]) == [3.0, 4.0]
    kept = _kept([float(n) for n in range(250_001)])
    assert (len(kept), kept[0], kept[-1]) == (MOST_SAMPLES, 0.0, 250_000.0)
    assert kept == sorted(kept)


# --- wakes, which are compared in units of those of an object of poc's own

RECORDED = json.loads((Path(__file__).parent / "samples" / "wakes.json").read_text(encoding="utf-8"))
"""Twenty runs of eight plays of wake-latency, and twenty with a worker that takes a fifth longer to wake (it computes
in its constructor), in turns, at a load of 9 to 28 on two cores: the wakes, and those of poc's own object."""

Samples = tuple[list[float], list[float]]


def measured(wakes: list[float], own: list[float]) -> Any:
    found = run("wake_ms", s=sorted(wakes))
    found["figures"]["wake_ms"]["own_wakes"] = {"s": sorted(own)}
    return found


def fastest(before: Samples, after: Samples) -> Change:
    return percentile(between(measured(*before), measured(*after)), FASTEST)


def is_slower(before: Samples, after: Samples) -> bool:
    change = fastest(before, after)
    return change.changed is True and (change.ratio or 0) > 1


def times(factor: float, sample: Samples) -> Samples:
    return [factor * wake for wake in sample[0]], sample[1]


@pytest.mark.parametrize("kind", ["same", "slowed"])
def test_of_recorded_runs_of_the_same_code_hardly_two_differ(kind: str) -> None:
    pairs = list(combinations(RECORDED[kind], 2))
    assert len(pairs) == 190
    assert sum(fastest(*pair).changed is True for pair in pairs) <= 1


def test_a_worker_that_takes_a_fifth_longer_to_wake_is_mostly_found_beside_heavy_work() -> None:
    real = [is_slower(one, other) for one in RECORDED["same"] for other in RECORDED["slowed"]]
    planted = [is_slower(one, times(1.2, other)) for one, other in permutations(RECORDED["same"], 2)]
    for found in (real, planted):
        assert sum(found) / len(found) > 0.7


def test_there_too_one_that_takes_a_third_longer_is_always_found() -> None:
    assert all(is_slower(one, times(4 / 3, other)) for one, other in permutations(RECORDED["same"], 2))


def quiet(seed: int, slower: float = 1.0, number: int = 400) -> Samples:
    """Return a run on a quiet machine: its values scatter by 7 %, one in twenty is late, and each run has its speed.

    In the reference run, the logarithm of p50 by p10 of a wake is 0.11; here it is 0.12.
    """
    random = Random(seed)  # noqa: S311 - test data
    speed = random.gauss(0, 0.05)

    def value(middle: float) -> float:
        late = random.expovariate(2) if random.random() < 0.05 else 0.0
        return middle * exp(speed + random.gauss(0, 0.07) + late)

    return [value(1.2 * slower) for _ in range(number)], [value(0.8) for _ in range(number)]


def test_on_a_quiet_machine_a_wake_that_takes_a_fifth_longer_is_found_in_95_of_100() -> None:
    assert sum(is_slower(quiet(seed), quiet(1000 + seed, 1.2)) for seed in range(100)) >= 95


def test_and_the_same_code_is_not() -> None:
    assert not any(fastest(quiet(seed), quiet(1000 + seed)).changed for seed in range(190))


def test_with_few_values_it_must_be_a_larger_change() -> None:
    few = [quiet(1, number=50), quiet(2, 1.2, 50), quiet(3, 2.0, 50)]
    assert [fastest(few[0], other).changed for other in few] == [False, False, True]


def test_a_slower_machine_alone_is_no_change() -> None:
    wakes, own = quiet(1)
    change = fastest((wakes, own), ([3 * each for each in wakes], [3 * each for each in own]))
    assert change.changed is False
    assert change.ratio == pytest.approx(1)


def test_the_rest_and_latencies_without_a_yardstick_are_shown_but_not_compared() -> None:
    figure = between(measured(*quiet(1)), measured(*quiet(2)))
    assert [change.changed for change in figure.changes][1:] == [None, None, None]
    alone = percentile(between(run("warm_ms", s=latencies(50, 1.0, 1)), run("warm_ms", s=latencies(50, 9.0, 1))))
    assert alone.changed is None
    assert alone.why == "nothing that both runs measured beside it shows how fast the machine was"
    few = fastest(([1.0] * 9, [1.0] * 9), ([9.0] * 9, [1.0] * 9))
    assert (few.changed, few.why) == (None, "too few values: 9, and 10 are needed")
    still = fastest(([0.0] * 50, [1.0] * 50), ([9.0] * 50, [1.0] * 50))
    assert (still.changed, still.why) == (None, "a value is not above zero")
