"""Measures the harness itself, whole processes from outside, and writes docs/benchmarks.md.

Never fails on a figure: machines differ and are noisy; medians and spreads are told.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from poc_cli.target.runtime import WORKERD_VERSION, locate

ROOT = Path(__file__).parents[2]
POC = Path(sys.executable).parent / "poc"
SAMPLE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Figure:
    """One command, how often it was run, and what it took."""

    command: str
    seconds: tuple[float, ...]
    peak_mib: float | None

    def row(self) -> str:
        """Give the figure as a row of the table."""
        low, middle, high = min(self.seconds), statistics.median(self.seconds), max(self.seconds)
        peak = "" if self.peak_mib is None else f"{self.peak_mib:.0f}"
        return f"| `{self.command}` | {middle:.2f} | {low:.2f} to {high:.2f} | {len(self.seconds)} | {peak} |"


def timed(command: Sequence[str], runs: int) -> tuple[float, ...]:
    """Give the seconds that each run of a command took, after one that is not counted."""
    found = []
    for number in range(runs + 1):
        started = time.perf_counter()
        _run(command)
        if number:
            found.append(time.perf_counter() - started)
    return tuple(found)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def peak_mib(command: Sequence[str]) -> float:
    """Give the largest sum of the proportional memory of a command and all its children, in MiB."""
    peak = 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        root = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, _tree_bytes(root))
            time.sleep(SAMPLE_SECONDS)  # a sampling interval
    return peak / 2**20


def _tree_bytes(root: psutil.Process) -> int:
    total = 0
    try:
        for process in (root, *root.children(recursive=True)):
            total += process.memory_full_info().pss
    except psutil.Error:
        return 0
    return total


def measure(label: str, command: Sequence[str], runs: int, *, memory: bool = False) -> Figure:
    """Give the figure of one command."""
    return Figure(label, timed(command, runs), peak_mib(command) if memory else None)


def figures(results: str, say: Callable[[str], None]) -> list[Figure]:
    """Measure everything."""
    by_hand = [sys.executable, str(ROOT / "tests" / "bench" / "by_hand.py"), str(locate(say))]
    floor = "a script on raw workerd with the same checks, forced"

    def poc(line: str, runs: int, *, memory: bool = True) -> Figure:
        say(f"measuring poc {line}")
        words = line.split()
        folder = ["--results", results] if "run" in words else []
        return measure(f"poc {line}", [str(POC), *words, *folder], runs, memory=memory)

    return [
        poc("--help", 10, memory=False),
        poc("run hibernate --sleep evict", 10),
        measure(floor, by_hand, 10, memory=True),
        poc("run hibernate", 3),
        poc("run --all", 3),
    ]


def page(found: list[Figure]) -> str:
    """Give the page."""
    machine = f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, {platform.system()}"
    rows = "\n".join(figure.row() for figure in found)
    return f"""# Benchmarks

Whole processes, measured from outside by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {machine},
Python {platform.python_version()}, workerd {WORKERD_VERSION}. One run to warm up, then the counted ones. The machine is
shared and noisy: compare medians and ratios of one table, not figures of two.

| command | median, s | spread, s | runs | peak memory of the process tree, MiB |
|---|---|---|---|---|
{rows}

- `poc run hibernate --sleep evict` plays the story and its two controls, writes the evidence and judges it.
  A control is watched for 0.1 s before its pinned object is called pinned.
- `poc run hibernate` waits for the runtime's own idle timer (10.00 s); its control watches 11 s beside it. In
  `poc run --all` one control must be watched for 13 s before `sleeps` may be called refuted.
- Memory is the sum of the proportional set sizes (PSS) of poc and workerd, sampled every 20 ms.
"""


def main() -> None:
    """Measure and write the page."""
    with tempfile.TemporaryDirectory(prefix="poc-bench-") as results:
        found = figures(results, lambda text: print(text, file=sys.stderr))  # noqa: T201 - a script
    (ROOT / "docs" / "benchmarks.md").write_text(page(found), encoding="utf-8")
    print("\n".join(figure.row() for figure in found))  # noqa: T201


if __name__ == "__main__":
    main()
