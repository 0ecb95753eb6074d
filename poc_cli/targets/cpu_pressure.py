"""What a process did with a time: it ran, it waited for a processor, or it was stopped.

Where the system does not tell (there is no /proc on macOS), a process counts as idle and never as stopped.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")

_STOPPED: Final = frozenset({"T", "t"})
"""States of proc(5): stopped by a signal, or by a debugger."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of one process: how long its first thread had run and waited to run until then, and whether it stood.

    workerd and Python both do their work in the first thread.
    """

    at_ns: int
    ran_ns: int
    waited_ns: int
    is_stopped: bool


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process did between two moments, as shares of the time."""

    length_ns: int
    ran: float
    waited: float
    was_stopped: bool


def mark(process: int | None) -> Mark:
    """Return the present moment of a process; of one that is none of this machine, or gone, nothing is known."""
    ran, waited = _scheduled(process)
    return Mark(time.monotonic_ns(), ran, waited, _state(process) in _STOPPED)


def spent(before: Mark, after: Mark) -> Spent:
    """Return what the process did in between. What is stopped at one end only may have been so for most of it."""
    length = max(1, after.at_ns - before.at_ns)
    # One that has ended in between has run for no time any more.
    ran, waited = max(0, after.ran_ns - before.ran_ns), max(0, after.waited_ns - before.waited_ns)
    return Spent(length, ran / length, waited / length, before.is_stopped or after.is_stopped)


def _scheduled(process: int | None) -> tuple[int, int]:
    """Return how long a process has run and waited to run (schedstat of the kernel's scheduler)."""
    try:
        ran, waited, _ = _told(process, "schedstat").split()
        return int(ran), int(waited)
    except (OSError, ValueError):
        return 0, 0


def _state(process: int | None) -> str:
    try:
        # The name before it stands in parentheses and may hold anything.
        return _told(process, "stat").rpartition(b")")[2].split()[0].decode("ascii", "replace")
    except (OSError, IndexError):
        return ""


def _told(process: int | None, name: str) -> bytes:
    """Return what the system tells of a process; a file object would take three times as long, thousands of times."""
    descriptor = os.open(f"{PROC}/{process}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)
