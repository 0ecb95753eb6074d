"""Where wakes are measured, one of poc's own object is measured before each evict, and nowhere else."""

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from poc_cli.engine.hibernation_traced import TracedSleeper
from poc_cli.history import event as kinds
from poc_cli.history.event_data import EventData
from poc_cli.targets.base import Eviction
from tests.unit.judge.histories import History, scenario

if TYPE_CHECKING:
    from poc_cli.engine.context import ObservedObject, PlayContext
    from poc_cli.targets.base import Trace


class Object:
    """An object as far as an evict looks at it."""

    label, class_name, id = "object", "Room", "ab"


class Place:
    """Keeps what is written."""

    def __init__(self, *, measures: bool) -> None:
        """Take whether latencies count."""
        self.measures = measures
        self.written: list[dict[str, Any]] = []

    def say(self, _: str) -> None:
        """Show nothing."""

    def write(self, _: str, data: EventData) -> None:
        """Keep an event."""
        self.written.append(vars(data))


class Runtime:
    """Evicts at once."""

    def __init__(self, took_ms: float | None) -> None:
        """Take how long its own object takes to wake."""
        self._took_ms = took_ms

    async def wake_yardstick(self) -> float | None:
        """Return it."""
        return self._took_ms

    async def evict(self, *_: str) -> Eviction:
        """Succeed."""
        return Eviction("evicted", "")

    async def fence(self) -> int:
        """Return the clock."""
        return 0


@pytest.mark.parametrize(
    ("measures", "took_ms", "recorded"),
    [(True, 0.81234, {"yardstick_ms": 0.812}), (True, None, {}), (False, 0.8, {})],
)
def test_the_yardstick_is_recorded_with_the_evict(
    *, measures: bool, took_ms: float | None, recorded: dict[str, float]
) -> None:
    place = Place(measures=measures)
    sleeper = TracedSleeper(cast("PlayContext", place), cast("Trace", Runtime(took_ms)), "sleep")
    assert asyncio.run(sleeper._evict(cast("ObservedObject", Object()))) == "evicted"
    assert place.written[0] == recorded


def test_the_figures_have_the_wakes_of_poc_s_own_object() -> None:
    steps = ['{ connect = "*" }', '{ hibernate = "evict" }', '{ resume = "ann", send = "a", expect = "b" }']
    history = History()
    tale = history.play(f"measures = true\n{scenario('sleeps', steps)}")
    tale.connect()
    tale.add("object:object", kinds.EVICTING, step=1, yardstick_ms=2.5)
    tale.sleeps()
    tale.says("b", wake_ms=7.0)
    tale.done()
    (wakes,) = history.judged()["figures"]["wake_ms"]["own_wakes"].values()
    assert wakes == [2.5]
