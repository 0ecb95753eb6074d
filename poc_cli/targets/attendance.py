"""Detect when this process, a runtime or the machine did not run: stalled, stopped, starved or suspended.

A timer on the event loop that fires late reveals it, whatever the cause. Time limits of a scenario do not count these
stretches, so that no verdict depends on delays of the harness.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from poc_cli.history.late_stretch import Stretch, Who

BEAT_NS: Final = 50_000_000
"""The timer's interval, short enough to detect a quarter of a second."""

LATE_NS: Final = 150_000_000
"""The delay from which a beat counts as a stall. A loop with hundreds of plays is 20 to 100 ms late (measured)."""

READING_BYTES: Final = 8 << 20
"""Bytes of one play's frames that make a stretch that play's own reading: a bare reader is 140 to 180 ms late for 60 MB
(measured), and recording takes several times as long."""

READING_SHARE: Final = 0.3
"""Or the share of the stretch spent handling its frames."""


def suspended_ns() -> int:
    """Return how long the machine has been suspended since boot; 0 if the system does not report it."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.clock_gettime_ns(time.CLOCK_MONOTONIC)


Counting = Callable[[Stretch], Stretch | None]
"""Returns the part of a stretch that counts as lateness, or None."""


def if_ours(stretch: Stretch) -> Stretch | None:
    """Count stretches of this process and of the whole machine, but not those of a runtime."""
    return stretch if stretch.runtime is None else None


class Attendance:
    """The late stretches of this process and of the runtimes that it watches, on the monotonic clock."""

    def __init__(
        self, now_ns: Callable[[], int] = time.monotonic_ns, away_ns: Callable[[], int] = suspended_ns
    ) -> None:
        """Take the clocks; watching starts with `beat`."""
        self.now_ns = now_ns
        """The monotonic clock of all times here."""

        self._suspended_ns = away_ns
        self._last_ns: int | None = None
        self._suspended = 0
        self._read: dict[str, list[int]] = {}
        self.stretches: list[Stretch] = []
        self.listener: Callable[[Stretch], None] = lambda _: None

    def begin(self) -> None:
        """Start expecting beats."""
        self._last_ns, self._suspended = self.now_ns(), self._suspended_ns()

    async def beat(self) -> None:
        """Observe the event loop periodically until cancelled."""
        self.begin()
        while True:
            await asyncio.sleep(BEAT_NS / 1e9)
            self.observe(is_beat=True)

    def observe(self, *, is_beat: bool = False) -> None:
        """Record a stretch if the last beat is too long ago; a caller may notice before the next beat."""
        if self._last_ns is None:
            return
        now, suspended = self.now_ns(), self._suspended_ns()
        passed = now - self._last_ns
        if suspended - self._suspended > LATE_NS:
            self._note("machine", self._last_ns, now)
        elif passed > BEAT_NS + LATE_NS:
            self._note("poc", self._last_ns, now)
        elif not is_beat:
            return
        self._last_ns, self._suspended = now, suspended
        self._read.clear()

    def came_round(self) -> None:
        """Start a new beat now, because the event loop has just run.

        A stall is counted from the last beat. Without this call a stall after a play would extend into its last step.
        """
        self.observe(is_beat=True)

    def handled(self, play: str, size: int, took_ns: int) -> None:
        """Record that a frame of a play was read and handled."""
        counted = self._read.setdefault(play, [0, 0])
        counted[0] += size
        counted[1] += took_ns

    def add(self, stretch: Stretch) -> None:
        """Record a stretch and notify the listener."""
        self.stretches.append(stretch)
        self.listener(stretch)

    def late_ns(self, from_ns: int, to_ns: int, counts: Counting = if_ours) -> int:
        """Return how much of a time range was late; by default only stretches of this process count."""
        self.observe()
        recent = (counts(each) for each in self.stretches if each.to_ns > from_ns)
        found = [each for each in recent if each is not None]
        late, until_ns = 0, from_ns
        for each in sorted(found, key=lambda stretch: stretch.from_ns):  # they may overlap
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
    """A time limit that starts now and does not count late stretches."""

    def __init__(self, attendance: Attendance, seconds: float, counts: Counting = if_ours) -> None:
        """Start the window; `counts` selects the stretches that do not count."""
        self._attendance = attendance
        self._counts = counts
        self._begun_ns = attendance.now_ns()
        self._length_ns = round(seconds * 1e9)

    @property
    def left_s(self) -> float:
        """Return the seconds left; 0 or less when it is over."""
        now = self._attendance.now_ns()
        return (self._length_ns - (now - self._begun_ns) + self._late_ns(now)) / 1e9

    def ends_ns(self) -> int:
        """Return the monotonic time at which it ends, as far as is known now."""
        now = self._attendance.now_ns()
        return self._begun_ns + self._length_ns + self._late_ns(now)

    def _late_ns(self, now_ns: int) -> int:
        return self._attendance.late_ns(self._begun_ns, now_ns, self._counts)
