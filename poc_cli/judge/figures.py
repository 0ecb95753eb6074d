"""The figures of a run: when idle sleep begins, and how long wakes and answers of awake objects take."""

from collections.abc import Iterator, Sequence
from math import ceil
from statistics import median
from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.judge.document_types import Figure
from poc_cli.judge.sleeps import sleeps_of
from poc_cli.record.play_record import PlayRecord
from poc_cli.residency.sleep_onset import Canary

Figures = dict[str, Figure]

OWN_ROOMS: Final = "poc"
"""Stands for a scenario's name in the values that canaries measured."""

MOST_SAMPLES: Final = 1000
"""How many values of a scenario are kept; of more, this many at evenly spaced ranks, with both ends."""


def figures(stories: list[PlayRecord], canaries: Sequence[Canary] = (), round_trips: Sequence[float] = ()) -> Figures:
    """Return each figure in milliseconds, with its spread.

    Latencies come only from stories with `measures`, which play alone; in a black box from every story and from the
    canaries, since plays do not share a thread there. `round_trip_ms` is an exchange with an object that is awake.
    `samples` has the values of each scenario in ascending order, so that two runs can be compared.
    """
    found: dict[str, dict[str, list[float]]] = {"asleep_after_ms": {}, "wake_ms": {}, "warm_ms": {}}
    yardsticks: dict[str, list[float]] = {}
    found["wake_ms"] |= _named(OWN_ROOMS, [each.answer_ms for each in canaries if each.slept])
    found["round_trip_ms"] = _named(OWN_ROOMS, round_trips)
    for story in stories:
        for name, values in _figures_of(story):
            if values:
                found[name].setdefault(story.scenario.document.name, []).extend(values)
        if story.scenario.document.measures and (durations := _yardstick(story)):
            yardsticks.setdefault(story.scenario.document.name, []).extend(durations)
    spreads = {name: _spread(by_scenario) for name, by_scenario in found.items() if by_scenario}
    if yardsticks and "wake_ms" in spreads:
        spreads["wake_ms"]["own_wakes"] = {name: _kept(sorted(values)) for name, values in yardsticks.items()}
    return spreads


def _figures_of(story: PlayRecord) -> Iterator[tuple[str, list[float]]]:
    sleeps = sleeps_of(story)
    yield "asleep_after_ms", [each.idle_ms for each in sleeps if each.way == "idle" and each.idle_ms is not None]
    if not story.place.has_trace:
        ended = [sleep.back.id for sleep in sleeps if sleep.back is not None]
        yield "wake_ms", _wakes(story, ended)
    elif story.scenario.document.measures:
        yield "wake_ms", _wakes(story)
        yield "warm_ms", _warm(story)


def _named(name: str, values: Sequence[float]) -> dict[str, list[float]]:
    return {name: [*values]} if values else {}


def _wakes(story: PlayRecord, ended: Sequence[int] | None = None) -> list[float]:
    """Return how long answers to `resume` steps took; with ends of sleeps, only in steps in which a sleep ended."""
    resumed = (step for step in story.steps if step.verb == "resume" and step.ok)
    return [
        float(step.ended.data["wake_ms"])
        for step in resumed
        if step.ended is not None and (ended is None or any(step.begun.id < event < step.ended.id for event in ended))
    ]


def _yardstick(story: PlayRecord) -> list[float]:
    """Return how long an object of poc's own took to wake before each evict, which the worker cannot slow."""
    evicting = (event.data for event in story.of_kind(kinds.EVICTING))
    return [float(each["yardstick_ms"]) for each in evicting if "yardstick_ms" in each]


def _warm(story: PlayRecord) -> list[float]:
    """Return how long the exchanges before the first sleep took."""
    first = next((sleep.left.id for sleep in sleeps_of(story)), 0)
    answers: list[dict[str, Any]] = [
        answer for step in story.steps if step.end_id < first for answer in step.reported("answered").values()
    ]
    return [answer["after_ns"] / 1e6 for answer in answers]


def value_at(figure: Figure, rank: str) -> float:
    """Return a figure's `median`, `p90`, `p99` or `max`."""
    return {"median": figure["median"], "p90": figure["p90"], "p99": figure["p99"], "max": figure["max"]}[rank]


def at_rank(ranked: list[float], share: float) -> float:
    """Return a percentile of values in ascending order by nearest rank."""
    return ranked[max(0, ceil(share * len(ranked)) - 1)]


def _spread(by_scenario: dict[str, list[float]]) -> Figure:
    """Return the number of values, their ends, percentiles by nearest rank, and the values by scenario."""
    ranked = sorted(value for values in by_scenario.values() for value in values)
    return {
        "n": len(ranked),
        "min": round(ranked[0], 3),
        "median": round(median(ranked), 3),
        "p90": round(at_rank(ranked, 0.90), 3),
        "p99": round(at_rank(ranked, 0.99), 3),
        "max": round(ranked[-1], 3),
        "samples": {name: _kept(sorted(values)) for name, values in by_scenario.items()},
    }


def _kept(ranked: list[float]) -> list[float]:
    last, most = len(ranked) - 1, MOST_SAMPLES - 1
    kept = ranked if last <= most else [ranked[round(place * last / most)] for place in range(MOST_SAMPLES)]
    return [round(value, 3) for value in kept]
