"""Latencies as HdrHistograms: recorded in microseconds, reported in milliseconds, merged without loss."""

from collections.abc import Iterable
from math import ceil
from typing import Final

from hdrh.histogram import HdrHistogram

LONGEST_US: Final = 3_600_000_000
"""One hour, longer than any wait."""

DIGITS: Final = 3
"""Significant digits: 0.1 % of a latency is far below the difference between two runs."""

SHARES: Final = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p999": 99.9}

SAMPLES: Final = 1000
"""Evenly spaced ranks that stand for all values where two runs are compared."""


class Latency:
    """One histogram."""

    __slots__ = ("histogram",)

    def __init__(self, histogram: HdrHistogram | None = None) -> None:
        """Initialize with a histogram (default: an empty one)."""
        self.histogram = HdrHistogram(1, LONGEST_US, DIGITS) if histogram is None else histogram

    def record(self, seconds: float) -> None:
        """Add one latency."""
        self.histogram.record_value(min(LONGEST_US, max(1, round(seconds * 1e6))))

    def add(self, other: "Latency") -> None:
        """Add the values of another histogram."""
        self.histogram.add(other.histogram)

    @property
    def n(self) -> int:
        """The number of values."""
        return int(self.histogram.get_total_count())

    def at(self, percent: float) -> float:
        """Return a percentile in milliseconds, 0 if there are no values."""
        return float(self.histogram.get_value_at_percentile(percent)) / 1000 if self.n else 0.0

    @property
    def longest(self) -> float:
        """The longest latency in milliseconds, 0 if there are no values."""
        return float(self.histogram.get_max_value()) / 1000 if self.n else 0.0

    def spread(self) -> dict[str, float | int]:
        """Return the number of values, their ends and percentiles, in milliseconds."""
        ends = {"n": self.n, "min": float(self.histogram.get_min_value()) / 1000 if self.n else 0.0}
        return ends | {name: self.at(percent) for name, percent in SHARES.items()} | {"max": self.longest}

    def samples(self) -> list[float]:
        """Return a sample of values at evenly spaced ranks, in ascending order."""
        kept = min(SAMPLES, self.n)
        found: list[float] = []
        passed = 0
        for step in self.histogram.get_recorded_iterator():  # one pass: each percentile query would start over
            passed += int(step.count_added_in_this_iter_step)
            while len(found) < kept and passed >= ceil(self.n * (len(found) + 0.5) / kept):
                found.append(round(float(step.value_iterated_to) / 1000, 3))
        return found

    def encoded(self) -> str:
        """Return the histogram in the compressed form that all HdrHistogram libraries read, as base64."""
        return bytes(self.histogram.encode()).decode("ascii")


def decoded(text: str) -> Latency:
    """Decode a histogram. Raises ValueError for invalid text."""
    try:
        histogram = HdrHistogram.decode(text.encode("ascii"))
    except Exception as broken:  # the library raises what its parts raise: zlib, base64, ctypes
        raise ValueError(f"not an encoded histogram: {broken}") from broken
    own = Latency()
    own.add(Latency(histogram))
    return own


def merged(texts: Iterable[str]) -> Latency:
    """Decode several histograms and merge them."""
    whole = Latency()
    for text in texts:
        whole.add(decoded(text))
    return whole
