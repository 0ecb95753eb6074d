"""Wait for the runtime's answers, and distinguish a hang from a stopped or starved process and from a late harness.

Only time in which both sides could run counts: a stopped runtime is late and does not count as hung.
"""

import asyncio
import time
from typing import Any, Final

from poc_cli.targets.attendance import Attendance
from poc_cli.targets.cpu_pressure import mark, spent

HANGS_AFTER_SECONDS: Final = 20.0
"""A runtime that could have answered and did not for this long hangs: an endless loop in one object stops them all. A
handler that computes for fifteen seconds is only slow: it ends, and its step has failed."""

GIVES_UP_SECONDS: Final = 120.0
"""The limit of any wait, late stretches included."""

LOOK_SECONDS: Final = 0.25
"""How often the processes are checked."""

COMPUTING: Final = 0.75
"""The CPU share of this process from which an interval does not count: the answer may be waiting unread."""


class Watch:
    """Watch a process on this machine and this process while waiting for an answer."""

    def __init__(self, process: int | None, attendance: Attendance) -> None:
        """Take the process, or None if it is not on this machine."""
        self.process = process
        self.attendance = attendance
        self.has_hung = False
        """Whether an answer did not come in time; later waits then fail at once."""

    async def answered(self, waiting: "asyncio.Task[Any]") -> bool:
        """Return whether the task finished in time, with or without an error; otherwise it is cancelled."""
        try:
            if self.has_hung:
                return False
            # Nearly every answer comes before the first check.
            await asyncio.wait([waiting], timeout=LOOK_SECONDS)
            return waiting.done() or await self._answered_late(waiting)
        finally:
            waiting.cancel()

    async def _answered_late(self, waiting: "asyncio.Task[Any]") -> bool:
        counted = 0.0
        began = time.monotonic()
        while self._may_wait(counted, time.monotonic() - began):
            before, computed = mark(self.process), time.process_time_ns()
            await asyncio.wait([waiting], timeout=LOOK_SECONDS)
            if waiting.done():
                return True
            after = mark(self.process)
            did = spent(before, after)
            ours = (time.process_time_ns() - computed) / did.length_ns
            if not did.was_stopped and ours < COMPUTING:
                late_ns = self.attendance.late_ns(before.at_ns, after.at_ns)
                # Time spent waiting for a CPU does not count. A process that spins on a busy machine waits for most of
                # the time, and must still be distinguished from a starved one.
                counted += max(0, did.length_ns - late_ns) / 1e9 * (1 - min(1.0, did.waited))
        self.has_hung = True
        return False

    def _may_wait(self, counted_s: float, passed_s: float) -> bool:
        return not self.has_hung and counted_s < HANGS_AFTER_SECONDS and passed_s < GIVES_UP_SECONDS
