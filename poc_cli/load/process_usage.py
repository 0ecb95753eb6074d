"""Measure memory, CPU time and file descriptors of processes during a load."""

from dataclasses import asdict, dataclass
from typing import Any

import psutil


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of one process: resident bytes, CPU seconds since its start, open descriptors."""

    rss: int
    cpu: float
    files: int

    def as_json(self) -> dict[str, Any]:
        """Return it as recorded in the history."""
        return asdict(self)


class Meter:
    """Measures processes by name."""

    def __init__(self, processes: dict[str, int]) -> None:
        """Initialize with the process ids by name; processes that have ended are skipped."""
        self._processes: dict[str, psutil.Process] = {}
        for name, pid in processes.items():
            try:
                self._processes[name] = psutil.Process(pid)
            except psutil.Error:
                continue

    def uses(self) -> dict[str, Usage]:
        """Return the current usage of each process that still runs."""
        found: dict[str, Usage] = {}
        for name, process in self._processes.items():
            try:
                times = process.cpu_times()
                rss, files = process.memory_info().rss, process.num_fds()
            except psutil.Error:
                continue
            found[name] = Usage(rss, round(times.user + times.system, 3), files)
        return found
