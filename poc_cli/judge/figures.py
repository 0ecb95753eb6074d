"""The figures of a run: where idle sleep begins, and how long a wake takes beside an answer of a room that is awake.

Never mixes clocks: sleep is in the runtime's, latency in the client's.
"""

from math import ceil
from statistics import median
from typing import Any

from poc_cli.judge.record import PlayRecord
from poc_cli.judge.sleeps import sleeps_of

Figures = dict[str, dict[str, float]]


def figures(stories: list[PlayRecord]) -> Figures:
    """Give each figure in milliseconds with its spread; latencies only of stories that measure, as these play alone."""
    idle = [sleep.idle_ms for story in stories for sleep in sleeps_of(story) if sleep.way == "idle"]
    measuring = [story for story in stories if story.scenario.document.measures]
    found = {
        "asleep_after_ms": idle,
        "wake_ms": [wake for story in measuring for wake in _wakes(story)],
        "warm_ms": [warm for story in measuring for warm in _warm(story)],
    }
    return {name: _spread(values) for name, values in found.items() if values}


def _wakes(story: PlayRecord) -> list[float]:
    resumed = (step for step in story.steps if step.verb == "resume" and step.ok)
    return [float(step.ended.data["wake_ms"]) for step in resumed if step.ended is not None]


def _warm(story: PlayRecord) -> list[float]:
    """Give the times of the exchanges before the first sleep."""
    first = next((sleep.left.id for sleep in sleeps_of(story)), 0)
    answers: list[dict[str, Any]] = [
        answer for step in story.steps if step.end_id < first for answer in step.told("answered").values()
    ]
    return [answer["after_ns"] / 1e6 for answer in answers]


def _spread(values: list[float]) -> dict[str, float]:
    """Give the number of values, their ends, and percentiles by nearest rank."""
    ranked = sorted(values)

    def at(share: float) -> float:
        return round(ranked[max(0, ceil(share * len(ranked)) - 1)], 3)

    return {
        "n": len(ranked),
        "min": round(ranked[0], 3),
        "median": round(median(ranked), 3),
        "p90": at(0.90),
        "p99": at(0.99),
        "max": round(ranked[-1], 3),
    }
