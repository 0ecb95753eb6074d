"""Measure how a process spent a time interval: running, waiting for a CPU, or stopped.

Without /proc (on macOS) a process counts as idle and not as stopped.
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
    """A snapshot of a process: how long its first thread has run and waited to run, and whether it is stopped.

    workerd and Python both work in the first thread.
    """

    at_ns: int
    ran_ns: int
    waited_ns: int
    is_stopped: bool


@dataclass(frozen=True, slots=True)
class Spent:
    """How a process spent the time between two snapshots, as shares."""

    length_ns: int
    ran: float
    waited: float
    was_stopped: bool


_STARVED: Final = 0.5
"""The share of an interval that a process waits for a CPU from which it counts as starved. A busy runtime waits for a
tenth of the time (measured)."""


_LOOKS_APART_NS: Final = 100_000_000
"""A load asks after every message, and a look reads two files."""


class LostTime:
    """Counts how long a process could not run, because it was stopped or starved, from look to look."""

    def __init__(self, process: int | None) -> None:
        """Begin now; `process` is None if it is not on this machine, which never loses time."""
        self._process = process
        self._last = mark(process)
        self._seconds = 0.0

    def look(self) -> float:
        """Return the seconds lost so far. A stop between two looks is missed, so look a few times a second."""
        if time.monotonic_ns() - self._last.at_ns < _LOOKS_APART_NS:
            return self._seconds
        now = mark(self._process)
        did = spent(self._last, now)
        self._last = now
        share = 1.0 if did.was_stopped else did.waited if did.waited >= _STARVED else 0.0
        self._seconds += min(1.0, share) * did.length_ns / 1e9
        return self._seconds


def mark(process: int | None) -> Mark:
    """Return a snapshot of a process; all zero for one that has ended or is not on this machine."""
    ran, waited = _scheduled(process)
    return Mark(time.monotonic_ns(), ran, waited, _state(process) in _STOPPED)


def spent(before: Mark, after: Mark) -> Spent:
    """Return how the process spent the time between; stopped at either end counts as stopped."""
    length = max(1, after.at_ns - before.at_ns)
    # The counters of a process that ended in between are zero.
    ran, waited = max(0, after.ran_ns - before.ran_ns), max(0, after.waited_ns - before.waited_ns)
    return Spent(length, ran / length, waited / length, before.is_stopped or after.is_stopped)


def _scheduled(process: int | None) -> tuple[int, int]:
    """Return how long a process has run and waited to run (schedstat in proc(5))."""
    try:
        ran, waited, _ = _read(process, "schedstat").split()
        return int(ran), int(waited)
    except (OSError, ValueError):
        return 0, 0


def _state(process: int | None) -> str:
    try:
        # The name before it is in parentheses and may contain anything.
        return _read(process, "stat").rpartition(b")")[2].split()[0].decode("ascii", "replace")
    except (OSError, IndexError):
        return ""


def _read(process: int | None, name: str) -> bytes:
    """Read a file of a process in /proc; a file object would take three times as long, thousands of times."""
    descriptor = os.open(f"{PROC}/{process}/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)
