"""What the judge says is the truth or unknown: on stories of a little world in which the truth is known.

`make soak` judges a hundred thousand of them.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.run_document import document
from tests.support.truth.measured import measured
from tests.support.truth.stories import FLAWS, Case, Chance, case

T = TypeVar("T")

SEEDS = 200


class Drawn:
    """Lets hypothesis choose, so that it finds the smallest story."""

    def __init__(self, data: st.DataObject) -> None:
        """Take where to draw from."""
        self._data = data

    def pick(self, options: Sequence[T]) -> T:
        """Choose one of several."""
        return self._data.draw(st.sampled_from(options))


@settings(max_examples=settings().max_examples * 4)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_no_verdict_is_untrue(data: st.DataObject, seed: int) -> None:
    found = case(Drawn(data), seed)
    assert not measured(found)[1], found.text


@cache
def some() -> tuple[Case, ...]:
    return tuple(case(Chance(seed), seed) for seed in range(SEEDS))


def test_the_stories_decide_something() -> None:
    """A judge that said nothing but `unknown` would be true, too."""
    counted = Counter(each for found in some() for each in measured(found)[0])
    for check in ("sleeps", "connections-survive", "storage-survives", "delivered-once", "wake-under", None):
        assert counted[check, "held"], check
    assert sum(number for (_, verdict), number in counted.items() if verdict == "refuted") > SEEDS / 15


@pytest.mark.parametrize("flaw", FLAWS)
def test_every_flaw_is_tried(flaw: str) -> None:
    assert any(found.flaw == flaw for found in some())


def test_no_failed_step_can_be_made_ok() -> None:
    tried = 0
    for found in some():
        failed = [event for event in found.events if event.kind == kinds.STEP_END and not event.data["ok"]]
        for end in failed:
            if end.data["failure"] in {"mismatch", "silence", "probe", "no_sleep"}:
                tried += 1
                assert document([turned(event) if event is end else event for event in found.events])["exit_code"] == 3
    assert tried > SEEDS / 10


def turned(end: Event) -> Event:
    """Return the end of a step that says that it is ok."""
    return Event(end.id, end.play, end.t_ns, end.actor, end.kind, end.step, {"ok": True})
