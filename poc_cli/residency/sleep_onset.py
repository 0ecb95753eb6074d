"""Where sleep begins in a black box: rooms of our own, each left alone for another time and then asked who they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

LEFT_ALONE_SECONDS: Final = (6.0, 8.0, 9.0, 9.5, 10.0, 10.25, 10.5, 11.0, 12.0, 13.0, 15.0, 20.0, 30.0, 45.0, 60.0)
"""The documentation says 10 s: close together around it, and far enough beyond to find another beginning."""

ANSWERS: Final = 2
"""By its instance alone an object is known to have slept if it told the old one so often before, the new one after."""

LONGEST_WAIT_SECONDS: Final = LEFT_ALONE_SECONDS[-1]
"""What is not asleep by then is not waited for."""

ASLEEP_BY_SECONDS: Final = 13.0
"""An object that is still there after so long does not sleep (the timer is 10.00 s; docs/design/sleep.md)."""

AWAKE_FROM_SECONDS: Final = 11.0
"""An object that is still there after so long stays awake, where others sleep sooner."""

_BEYOND_ONSET: Final = 1.0  # as 11 s are beyond the timer's 10
_LONG_BEYOND_ONSET: Final = 3.0  # as 13 s are


@dataclass(frozen=True, slots=True)
class Canary:
    """One room: how long it was to be left alone, how long it was, and the instances that it told before and after.

    `answer_ms` is how long the first answer after the silence took. All by the asking clock.
    """

    left_alone_s: float
    silent_ms: float
    answer_ms: float
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def slept(self) -> bool | None:
        """Whether it slept; None where its instances do not tell."""
        if min(len(self.before), len(self.after)) < ANSWERS or len({*self.before}) != 1 or len({*self.after}) != 1:
            return None
        return self.before[0] != self.after[0]


@dataclass(frozen=True, slots=True)
class Onset:
    """Sleep began between these two silences, in milliseconds; `awake_ms` is None where even the shortest slept."""

    awake_ms: float | None
    asleep_ms: float

    @property
    def awake_from_seconds(self) -> float:
        """Return after how long what is still there stays awake."""
        return max(AWAKE_FROM_SECONDS, self.asleep_ms / 1000 + _BEYOND_ONSET)

    @property
    def asleep_by_seconds(self) -> float:
        """Return after how long what is still there does not sleep."""
        return max(ASLEEP_BY_SECONDS, self.asleep_ms / 1000 + _LONG_BEYOND_ONSET)


def onset(sentinels: Iterable[Canary]) -> Onset | None:
    """Return where sleep begins, once two rooms that were left alone for consecutive times have slept; None before.

    What shorter times say is not waited for: rooms that wake sooner tell it sooner.
    """
    known = {each.left_alone_s: each for each in sentinels if each.slept is not None}
    in_order = [known[seconds] for seconds in sorted(known)]
    for place, (first, second) in enumerate(pairwise(in_order)):
        if first.slept and second.slept:
            awake = [each.silent_ms for each in in_order[:place] if not each.slept]
            return Onset(max(awake, default=None), first.silent_ms + first.answer_ms)
    return None
