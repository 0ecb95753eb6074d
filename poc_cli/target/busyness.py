"""How much of a time a process had something to do: it ran, or it waited for a processor to run on.

Never says why. Where the system does not tell (there is no /proc on macOS), a process counts as idle.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")

BUSY: Final = 0.5
"""From this share of a time on, a silence is no evidence: the answer may lie in a queue. Where a message was lost,
there is nothing to do."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment, and how long each process had run and waited until then, in nanoseconds."""

    at_ns: int
    ran_ns: tuple[int, ...]
    waited_ns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Busyness:
    """The processes that a silence may come from: ours, and the runtime's where it is one of this machine."""

    processes: tuple[int, ...]

    def mark(self) -> Mark:
        """Give the present moment."""
        spent = [_spent(process) for process in self.processes]
        return Mark(time.monotonic_ns(), tuple(ran for ran, _ in spent), tuple(waited for _, waited in spent))

    def busy_since(self, mark: Mark) -> float:
        """Give the share of the time since then in which the busiest had something to do, 0 to about 1."""
        return _largest_share(mark, self.mark(), running=True)

    def starved_since(self, mark: Mark) -> float:
        """Give the share of the time since then in which the most starved one waited for a processor."""
        return _largest_share(mark, self.mark(), running=False)


def of_runtime(process: int | None) -> Busyness:
    """Give what is watched where the runtime is that process; None where it is none of this machine."""
    return Busyness((os.getpid(),) if process is None else (os.getpid(), process))


def _largest_share(before: Mark, after: Mark, *, running: bool) -> float:
    passed = max(1, after.at_ns - before.at_ns)
    waited = (late - early for early, late in zip(before.waited_ns, after.waited_ns, strict=True))
    ran = (late - early for early, late in zip(before.ran_ns, after.ran_ns, strict=True))
    spent = [(one if running else 0) + other for one, other in zip(ran, waited, strict=True)]
    return max([0, *spent]) / passed


def _spent(process: int) -> tuple[int, int]:
    """Give how long a process has run and waited to run (schedstat of the kernel's scheduler); 0 for one that is gone.

    It tells of the first thread, in which both workerd and Python do their work.
    """
    try:
        ran, waited, _ = (PROC / str(process) / "schedstat").read_text(encoding="ascii").split()
        return int(ran), int(waited)
    except (OSError, ValueError):
        return 0, 0
