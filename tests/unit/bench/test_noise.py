"""The check of `poc compare` on runs of the same code: what is chosen on some runs is tried on others."""

from math import exp
from random import Random

import pytest

from poc_cli.judge.figure_diff import NOISE
from tests.bench.noise import Run, cross_validated, least_noise, rates


def runs(scatter: float, number: int = 6) -> list[Run]:
    """Return runs whose wakes and own wakes each have a speed of their own, which is what the yardstick cannot tell."""
    random = Random(7)  # noqa: S311 - test data

    def values(middle: float) -> list[float]:
        speed = random.gauss(0, scatter)
        return [middle * exp(speed + random.gauss(0, 0.07)) for _ in range(400)]

    return [(values(1.2), values(0.8)) for _ in range(number)]


def test_on_even_runs_a_planted_slowdown_is_found_and_nothing_else() -> None:
    found = rates(runs(0.001), NOISE)
    assert found.text() == "0 of 30 pairs called a change, 30 of 30 planted ones found"


def test_the_least_noise_calls_nothing_a_change_on_the_runs_that_it_is_chosen_on() -> None:
    uneven = runs(0.03)
    noise = least_noise(uneven)
    assert rates(uneven, noise).false == 0
    assert rates(uneven, noise - 0.2).false > 0


@pytest.mark.parametrize(("scatter", "is_wrong"), [(0.001, False), (0.1, True)])
def test_on_the_other_half_it_may_be_wrong(scatter: float, *, is_wrong: bool) -> None:
    tried, chosen = cross_validated(runs(scatter, 8), 6)
    assert tried.pairs == 6 * 12
    assert len(chosen) == 6
    assert (tried.false > 0) is is_wrong
