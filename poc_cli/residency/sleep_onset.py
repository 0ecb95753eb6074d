"""Find out when objects begin to sleep on a target without a trace.

Canary rooms are each left alone for a different time and then asked for their instance id.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

LEFT_ALONE_SECONDS: Final = (6.0, 8.0, 9.0, 9.5, 10.0, 10.25, 10.5, 11.0, 12.0, 13.0, 15.0, 20.0, 30.0, 45.0, 60.0)
"""Cloudflare documents 10 s: dense around it, and long enough beyond it to find a different timer."""

ANSWERS: Final = 2
"""How many answers with the old instance id before, and with the new one after, show that an object slept."""

LONGEST_WAIT_SECONDS: Final = LEFT_ALONE_SECONDS[-1]
"""An object that is not asleep by then is not waited for any longer."""

ASLEEP_BY_SECONDS: Final = 13.0
"""An object that is still in memory by then does not sleep (the idle timer is 10.00 s; docs/design/sleep.md)."""

AWAKE_FROM_SECONDS: Final = 11.0
"""An object that is still in memory after this time stays awake, on a target where others sleep sooner."""

_BEYOND_ONSET: Final = 1.0  # the margin of 11 s over the timer's 10 s
_LONG_BEYOND_ONSET: Final = 3.0  # the margin of 13 s


@dataclass(frozen=True, slots=True)
class Canary:
    """A canary room: how long it should be left alone, how long it was, and its instance ids before and after.

    `answer_ms` is how long the first answer after the silence took. All times are on the client's clock.
    """

    left_alone_s: float
    silent_ms: float
    answer_ms: float
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def slept(self) -> bool | None:
        """Whether it slept; None if its instance ids do not show it either way."""
        if min(len(self.before), len(self.after)) < ANSWERS or len({*self.before}) != 1 or len({*self.after}) != 1:
            return None
        return self.before[0] != self.after[0]


@dataclass(frozen=True, slots=True)
class Onset:
    """Sleep begins between these two silences, in milliseconds; `awake_ms` is None if even the shortest slept."""

    awake_ms: float | None
    asleep_ms: float

    @property
    def awake_from_seconds(self) -> float:
        """Return the silence after which an object still in memory counts as staying awake."""
        return max(AWAKE_FROM_SECONDS, self.asleep_ms / 1000 + _BEYOND_ONSET)

    @property
    def asleep_by_seconds(self) -> float:
        """Return the silence after which an object still in memory counts as unable to sleep."""
        return max(ASLEEP_BY_SECONDS, self.asleep_ms / 1000 + _LONG_BEYOND_ONSET)


def onset(canaries: Iterable[Canary]) -> Onset | None:
    """Return when sleep begins, once two rooms with consecutive silences have slept; None before that.

    Shorter silences need not be waited for: those rooms answer first.
    """
    known = {each.left_alone_s: each for each in canaries if each.slept is not None}
    in_order = [known[seconds] for seconds in sorted(known)]
    for index, (first, second) in enumerate(pairwise(in_order)):
        if first.slept and second.slept:
            awake = [each.silent_ms for each in in_order[:index] if not each.slept]
            return Onset(max(awake, default=None), first.silent_ms + first.answer_ms)
    return None
