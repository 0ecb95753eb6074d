"""A stall of poc or of the runtime turns no verdict round: a record with a stall in it never says the opposite.

Records of real runs, of broken workers too, are stretched at random places; stories of the little world are held up as
they are played, with all that comes of it. `make soak` does many more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

import pytest

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from tests.support.recorded import names, recorded
from tests.support.stretching import Stall, stretched
from tests.support.truth.measured import held_up, judged, seconds_of_stall, turned_round

TIMES = 8
"""Each record is stretched so often."""

STORIES = 100


def stretches(events: Sequence[Event], random: Random, times: int) -> Iterator[tuple[Stall, list[Event]]]:
    """Return the record with a stall at random places, of lengths from the shortest to the longest."""
    for _ in range(times):
        length_ns = round(seconds_of_stall(random) * 1e9)
        stall = Stall(random.randrange(2, len(events)), length_ns, random.choice(["poc", "runtime"]))
        found = stretched(events, stall)
        if found is not None:
            yield stall, found


@pytest.mark.parametrize("name", names())
def test_a_recorded_run_never_says_the_opposite(name: str) -> None:
    events = recorded(name)
    before = judged(events)
    for stall, after in stretches(events, Random(name), TIMES):  # noqa: S311 - no secret
        assert not turned_round(before, after), stall


def test_a_story_that_is_held_up_never_says_the_opposite() -> None:
    for seed in range(STORIES):
        undisturbed, late = held_up(seed)
        assert not turned_round(judged(undisturbed.events), late.events, late.truths), seed


def test_it_would_if_the_lateness_were_not_written_down() -> None:
    stories = map(held_up, range(STORIES))
    assert any(turned_round(judged(undisturbed.events), list(punctual(late.events))) for undisturbed, late in stories)


def punctual(events: Sequence[Event]) -> Iterator[Event]:
    """Return a record that says nothing of lateness."""
    for event in events:
        data = {key: value for key, value in event.data.items() if key not in {"late_ms", "due_ns"}}
        if event.kind == kinds.LATE:
            data = {**event.data, "from_ns": 0, "to_ns": 0}
        yield replace(event, data=data)
