"""Waits for the runtime, and tells one that hangs from one that is stopped or starved, or a harness that is late.

Only time in which everybody could have acted counts: a stopped runtime is late, and never hangs.
"""

import asyncio
import time
from typing import Any, Final

from poc_cli.targets.attendance import Attendance
from poc_cli.targets.cpu_pressure import mark, spent

HANGS_AFTER_SECONDS: Final = 20.0
"""A runtime whose side-car has not answered for so long, though it could have, hangs: an endless loop in one object
stops them all. A handler that computes for fifteen seconds is only slow: it ends, and its step has failed."""

GIVES_UP_SECONDS: Final = 120.0
"""However late everybody is, nothing is waited for longer."""

LOOK_SECONDS: Final = 0.25
"""How often it is looked who could have acted."""

COMPUTING: Final = 0.75
"""The share of a time that this process may compute before the time does not count: the answer may lie here unread."""


class Watch:
    """Who is watched while an answer is awaited: a process of this machine, and ourselves."""

    def __init__(self, process: int | None, attendance: Attendance) -> None:
        """Take them; None is a process that is none of this machine."""
        self.process = process
        self.attendance = attendance
        self.has_hung = False
        """Whether an answer did not come in time. Nothing is waited for any more then."""

    async def answered(self, waiting: "asyncio.Task[Any]") -> bool:
        """Return whether it was done in time, well or badly; where it was not, it is cancelled."""
        counted = 0.0
        began = time.monotonic()
        try:
            while self._is_worth_it(counted, time.monotonic() - began):
                before, computed = mark(self.process), time.process_time_ns()
                await asyncio.wait([waiting], timeout=LOOK_SECONDS)
                if waiting.done():
                    return True
                after = mark(self.process)
                did = spent(before, after)
                ours = (time.process_time_ns() - computed) / did.length_ns
                if not did.was_stopped and ours < COMPUTING:
                    away = self.attendance.late_ns(before.at_ns, after.at_ns)
                    # Not the share in which it waited for a processor. One that spins on a busy machine waits for most
                    # of the time, and must be told from a starved one all the same.
                    counted += max(0, did.length_ns - away) / 1e9 * (1 - min(1.0, did.waited))
            self.has_hung = True
            return False
        finally:
            waiting.cancel()

    def _is_worth_it(self, counted_s: float, passed_s: float) -> bool:
        return not self.has_hung and counted_s < HANGS_AFTER_SECONDS and passed_s < GIVES_UP_SECONDS
