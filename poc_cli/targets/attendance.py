"""When this process was attending, and when it stood still: stalled, stopped, starved or suspended.

A beat of the event loop that comes late says so, whatever the cause was. Lengths of time that a story grants are
counted in attended time, so that nobody is judged by how long the harness was away.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from poc_cli.history.late_stretch import Stretch, Who

BEAT_NS: Final = 50_000_000
"""How often the event loop is asked to come back: often enough that a quarter of a second is told from none."""

LATE_NS: Final = 150_000_000
"""A beat that comes so much later was no beat. A loop that has hundreds of plays to serve is 20 to 100 ms late
(measured); twice that is a stall."""

READING_BYTES: Final = 8 << 20
"""What the frames of one play must come to in a stretch for it to be that play's own reading: a bare reader is 140 to
180 ms late for 60 MB (measured), and what is recorded of it takes several times as long."""

READING_SHARE: Final = 0.3
"""Or what the handling of its frames must have taken of the stretch."""


def suspended_ns() -> int:
    """Return how long the machine was suspended since it was started; 0 where the system does not tell."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.clock_gettime_ns(time.CLOCK_MONOTONIC)


Counting = Callable[[Stretch], Stretch | None]
"""Returns what of a stretch counts as lateness, None where nothing does."""


def if_ours(stretch: Stretch) -> Stretch | None:
    """Count stretches in which this process or the whole machine was late, and no runtime's."""
    return stretch if stretch.runtime is None else None


class Attendance:
    """The stretches in which this process, or a runtime that it watches, was late. Times are of the monotonic clock."""

    def __init__(
        self, now_ns: Callable[[], int] = time.monotonic_ns, away_ns: Callable[[], int] = suspended_ns
    ) -> None:
        """Take the clocks; nothing is watched before `beat` runs."""
        self.now_ns = now_ns
        """The monotonic clock that all its times are of."""

        self._away_ns = away_ns
        self._last_ns: int | None = None
        self._away = 0
        self._read: dict[str, list[int]] = {}
        self.stretches: list[Stretch] = []
        self.listener: Callable[[Stretch], None] = lambda _: None
        self.delay_s = 0.0
        """How late the latest beat came."""

    def begin(self) -> None:
        """Expect a beat from now on."""
        self._last_ns, self._away = self.now_ns(), self._away_ns()

    async def beat(self) -> None:
        """Beat until this is cancelled."""
        self.begin()
        while True:
            await asyncio.sleep(BEAT_NS / 1e9)
            self.observe(is_beat=True)

    def observe(self, *, is_beat: bool = False) -> None:
        """Note a stretch where the last beat is too long ago: whoever asks for it may come before the beat does."""
        if self._last_ns is None:
            return
        now, away = self.now_ns(), self._away_ns()
        passed = now - self._last_ns
        if away - self._away > LATE_NS:
            self._note("machine", self._last_ns, now)
        elif passed > BEAT_NS + LATE_NS:
            self._note("poc", self._last_ns, now)
        elif not is_beat:
            return
        self.delay_s = max(0, passed - BEAT_NS) / 1e9
        self._last_ns, self._away = now, away
        self._read.clear()

    def came_round(self) -> None:
        """Count what comes late from now on apart from what was before: the event loop has just come round.

        A stall is told from the last beat on. Without this one that begins after a play would reach into its last step.
        """
        self.observe(is_beat=True)

    def handled(self, play: str, size: int, took_ns: int) -> None:
        """Note that a frame of a play was read and handled."""
        counted = self._read.setdefault(play, [0, 0])
        counted[0] += size
        counted[1] += took_ns

    def add(self, stretch: Stretch) -> None:
        """Note a stretch and tell it."""
        self.stretches.append(stretch)
        self.listener(stretch)

    def late_ns(self, from_ns: int, to_ns: int, counts: Counting = if_ours) -> int:
        """Return for how much of a time somebody was away: this process, unless `counts` says who."""
        self.observe()
        recent = (counts(each) for each in self.stretches if each.to_ns > from_ns)
        found = [each for each in recent if each is not None]
        late, until_ns = 0, from_ns
        for each in sorted(found, key=lambda stretch: stretch.from_ns):  # they overlap where both were late
            late += each.overlap_ns(max(from_ns, until_ns), to_ns)
            until_ns = max(until_ns, each.to_ns)
        return late

    def _note(self, who: Who, from_ns: int, to_ns: int) -> None:
        passed = max(1, to_ns - from_ns)
        reading = [
            play
            for play, (size, took_ns) in self._read.items()
            if size >= READING_BYTES or took_ns >= READING_SHARE * passed
        ]
        self.add(Stretch(who, from_ns, to_ns, reading=tuple(reading)))


class Window:
    """A length of time of a story, in attended time, that begins now."""

    def __init__(self, attendance: Attendance, seconds: float, counts: Counting = if_ours) -> None:
        """Take whose attendance counts: this process's, unless `counts` says whose."""
        self._attendance = attendance
        self._counts = counts
        self._begun_ns = attendance.now_ns()
        self._length_ns = round(seconds * 1e9)

    @property
    def left_s(self) -> float:
        """Return how many seconds are left; 0 or less where it is over."""
        now = self._attendance.now_ns()
        return (self._length_ns - (now - self._begun_ns) + self._late_ns(now)) / 1e9

    def ends_ns(self) -> int:
        """Return the monotonic time at which it is over, by what is known now."""
        now = self._attendance.now_ns()
        return self._begun_ns + self._length_ns + self._late_ns(now)

    def _late_ns(self, now_ns: int) -> int:
        return self._attendance.late_ns(self._begun_ns, now_ns, self._counts)
