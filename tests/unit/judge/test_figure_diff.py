"""Whether a figure changed: never by chance, never by another mix of scenarios, and never from too few values."""

from random import Random
from typing import Any, cast

import pytest

from poc_cli.judge.figure_diff import Change, FigureDiff, figures_between, needed, ratio_interval
from poc_cli.judge.figures import MOST_SAMPLES, _kept


def latencies(number: int, middle: float, seed: int) -> list[float]:
    """Return values as latencies are: above zero, with a long tail."""
    random = Random(seed)  # noqa: S311 - test data
    return sorted(random.lognormvariate(0, 0.4) * middle for _ in range(number))


def run(name: str = "wake_ms", **samples: list[float]) -> Any:
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


@pytest.mark.parametrize(("factor", "changed"), [(1.3, False), (1.7, False), (3.0, True), (1 / 3, True), (0.7, False)])
def test_a_change_is_one_that_is_surely_beyond_the_factor(factor: float, *, changed: bool) -> None:
    figure = between(run(story=latencies(50, 2.0, 1)), run(story=latencies(50, 2.0 * factor, 2)))
    found = percentile(figure)
    assert found.changed is changed
    assert found.interval is not None
    assert found.interval[0] <= found.ratio <= found.interval[1] if found.ratio else False


def test_a_ratio_just_beyond_the_factor_may_be_chance() -> None:
    figure = between(run(story=latencies(50, 2.0, 1)), run(story=latencies(50, 4.6, 1)))
    found = percentile(figure)
    assert (found.ratio or 0) > 2
    assert (found.changed, found.why) == (False, "the ratio is not surely beyond 2")


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
    del old["figures"]["wake_ms"]["samples"]
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
