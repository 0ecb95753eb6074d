"""What processes take: memory, time of the processor and file descriptors, looked up while a load goes on."""

from dataclasses import asdict, dataclass
from typing import Any

import psutil


@dataclass(frozen=True, slots=True)
class Use:
    """What one process has taken: resident bytes, seconds of processor time since its start, open descriptors."""

    rss: int
    cpu: float
    files: int

    def as_json(self) -> dict[str, Any]:
        """Return it as it stands in the history."""
        return asdict(self)


class Meter:
    """Looks at some processes by the names they are told by."""

    def __init__(self, processes: dict[str, int]) -> None:
        """Take the ids of the processes. One that is gone already is left out."""
        self._processes: dict[str, psutil.Process] = {}
        for name, pid in processes.items():
            try:
                self._processes[name] = psutil.Process(pid)
            except psutil.Error:
                continue

    def uses(self) -> dict[str, Use]:
        """Return what each takes now; one that is gone is left out."""
        found: dict[str, Use] = {}
        for name, process in self._processes.items():
            try:
                times = process.cpu_times()
                rss, files = process.memory_info().rss, process.num_fds()
            except psutil.Error:
                continue
            found[name] = Use(rss, round(times.user + times.system, 3), files)
        return found
