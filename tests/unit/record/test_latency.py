"""Histograms of latencies: percentiles within their precision, and merging without a loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from poc_cli.record.latency import Latency, decoded, merged

SECONDS = some.lists(some.floats(0.000_001, 60), min_size=1, max_size=40)


def recorded(values: list[float]) -> Latency:
    latency = Latency()
    for value in values:
        latency.record(value)
    return latency


def test_percentiles_are_those_of_the_values() -> None:
    latency = recorded([number / 1000 for number in range(1, 1001)])
    assert latency.n == 1000
    assert latency.at(50) == pytest.approx(500, rel=0.002)
    assert latency.at(99) == pytest.approx(990, rel=0.002)
    assert latency.longest == pytest.approx(1000, rel=0.002)


def test_an_empty_one_has_no_latency() -> None:
    assert Latency().spread() == {"n": 0, "min": 0.0, "p50": 0.0, "p90": 0.0, "p99": 0.0, "p999": 0.0, "max": 0.0}
    assert Latency().samples() == []


@given(SECONDS, SECONDS)
def test_merging_encoded_ones_is_recording_into_one(one: list[float], other: list[float]) -> None:
    whole = recorded([*one, *other])
    assert merged([recorded(one).encoded(), recorded(other).encoded()]).spread() == whole.spread()


@given(SECONDS)
def test_what_was_encoded_comes_back(values: list[float]) -> None:
    assert decoded(recorded(values).encoded()).spread() == recorded(values).spread()


@pytest.mark.parametrize("text", ["", "nonsense", "HISTFAAA"])
def test_what_is_no_histogram_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an encoded histogram"):
        decoded(text)


def test_samples_stand_for_all_values() -> None:
    samples = recorded([number / 1000 for number in range(1, 5001)]).samples()
    assert len(samples) == 1000
    assert samples == sorted(samples)
    assert (samples[0], samples[-1]) == pytest.approx((3, 4998), rel=0.01)


@pytest.mark.parametrize(("seconds", "milliseconds"), [(0.0, 0.001), (-1.0, 0.001), (7200.0, 3_600_000.0)])
def test_what_cannot_be_is_recorded_at_the_ends(seconds: float, milliseconds: float) -> None:
    assert recorded([seconds]).longest == pytest.approx(milliseconds, rel=0.001)
