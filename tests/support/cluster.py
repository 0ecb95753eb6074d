"""A Dask scheduler and workers as processes of this machine, started as users start them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.command import ROOT
from tests.support.processes import until

_SHARED = ["--host", "127.0.0.1", "--no-dashboard"]
_WORKER = ["--nthreads", "1", "--no-nanny", *_SHARED]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A scheduler with workers, each by its address."""

    address: str
    workers: dict[str, "subprocess.Popen[bytes]"]

    def kill(self, address: str) -> None:
        """End a worker at once, as a machine that is switched off."""
        self.workers[address].send_signal(signal.SIGKILL)
        self.workers[address].wait()


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """Yield a cluster that is complete, until the end of the block."""
    started: list[subprocess.Popen[bytes]] = []

    def start(kind: str, *arguments: str) -> Path:
        log = folder / f"{len(started)}.log"
        variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder), "TMPDIR": str(folder)}
        command = [sys.executable, "-m", "distributed.cli." + kind, *arguments]
        with log.open("wb") as out:
            started.append(subprocess.Popen(command, cwd=folder, env=variables, stdout=out, stderr=out))
        return log

    def said(log: Path, words: str) -> str:
        """Wait for a line and give what follows these words in it."""
        until(f"{log.name} says {words!r}", lambda: words in log.read_text(encoding="utf-8"))
        return log.read_text(encoding="utf-8").split(words, 1)[1].split("\n", 1)[0].strip()

    try:
        address = said(start("dask_scheduler", "--port", "0", *_SHARED), "Scheduler at:")
        logs = [start("dask_worker", address, *_WORKER) for _ in range(workers)]
        for log in logs:
            said(log, "Registered to:")
        addresses = [said(log, "Start worker at:") for log in logs]
        yield Cluster(address, dict(zip(addresses, started[1:], strict=True)))
    finally:
        for process in started:
            process.kill()
        for process in started:
            process.wait()
