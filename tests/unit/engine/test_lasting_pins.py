"""How long work must be pending before it is called a pin: looked at again when it can be one, on the trace's clock."""

import asyncio
from typing import TYPE_CHECKING, Literal, cast

import pytest

from poc_cli.engine.hibernation_traced import PIN_AFTER_SECONDS, PIN_OF_CONTROL_AFTER_SECONDS, TracedSleeper
from poc_cli.residency import Pin

if TYPE_CHECKING:
    from poc_cli.engine.context import ObservedObject, PlayContext
    from poc_cli.targets.base import Trace

SECOND = 1_000_000_000


class Object:
    """An object whose id is all that is asked of it."""

    id = "ab"


class Place:
    """A stage on which the last seconds were late, or not."""

    def __init__(self, *, late: bool) -> None:
        """Take whether they were."""
        self._late = late

    def was_late(self, _: float) -> bool:
        """Return it."""
        return self._late


class Clock:
    """A trace whose clock goes on by what is slept, with work from `since` until `over`, both in seconds."""

    def __init__(self, since: float, over: float) -> None:
        """Begin at 0."""
        self.now_ns = 0
        self.fences = 0
        self._pin = Pin("timer", "setTimeout", int(since * SECOND), "setTimeout", None, None)
        self._over_ns = int(over * SECOND)

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.now_ns += round(seconds * SECOND)

    async def fence(self) -> int:
        """Return the clock."""
        self.fences += 1
        return self.now_ns

    def pins(self, _: str, at_least_ns: int) -> tuple[Pin, ...]:
        """Return the work, where it has gone on for so long and is not over."""
        is_one = self.now_ns < self._over_ns and self.now_ns - self._pin.since_ns >= at_least_ns
        return (self._pin,) if is_one else ()


def lasting(
    clock: Clock, patience: Literal["sleep", "awake"], monkeypatch: pytest.MonkeyPatch, *, late: bool = False
) -> tuple[Pin, ...]:
    monkeypatch.setattr(asyncio, "sleep", clock.sleep)
    sleeper = TracedSleeper(cast("PlayContext", Place(late=late)), cast("Trace", clock), patience)
    return asyncio.run(sleeper._lasting_pins(cast("ObservedObject", Object()), clock.now_ns))


@pytest.mark.parametrize(
    ("patience", "late", "seconds"),
    [
        ("awake", False, PIN_OF_CONTROL_AFTER_SECONDS),
        ("awake", True, PIN_AFTER_SECONDS),
        ("sleep", False, PIN_AFTER_SECONDS),
    ],
)
def test_work_is_a_pin_as_soon_as_it_is_old_enough(
    patience: Literal["sleep", "awake"], *, late: bool, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(since=-0.01, over=60)
    assert lasting(clock, patience, monkeypatch, late=late)
    assert clock.now_ns == round((seconds - 0.01) * SECOND)


def test_old_work_is_a_pin_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(since=-5, over=60)
    assert lasting(clock, "sleep", monkeypatch)
    assert (clock.now_ns, clock.fences) == (0, 0)


def test_work_that_ends_is_none_and_is_seen_to_end_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(since=0, over=0.12)
    assert not lasting(clock, "sleep", monkeypatch)
    assert clock.now_ns <= 0.17 * SECOND
