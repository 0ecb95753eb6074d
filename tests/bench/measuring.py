"""Measures whole processes from outside: how long they take, one after the other or by turns, and their memory."""

import statistics
import subprocess
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
"""The checkout."""

SAMPLE_SECONDS = 0.02

SAID_CHARACTERS = 1_500
"""Of what a failing command said last: a run of all scenarios says hundreds of lines."""

Command = Sequence[str]


@dataclass(frozen=True, slots=True)
class Bench:
    """What a section of the page measures with."""

    python: str
    """The interpreter that poc is installed in."""
    poc: str
    workerd: Path
    results: Path
    """A folder for run folders, which goes when the page is written."""
    say: Callable[[str], None]


class Failed(Exception):
    """A command that failed: its time says nothing."""


def seconds(command: Command, fine: Collection[int] = (0,)) -> float:
    """Return how long a command took. Raises Failed with the end of what it said where its exit code is not `fine`."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
    took = time.perf_counter() - started
    if done.returncode not in fine:
        told = f"{done.stderr[-SAID_CHARACTERS:]}\n{done.stdout[-SAID_CHARACTERS:]}"
        raise Failed(f"{' '.join(command)} ended with {done.returncode}:\n{told}")
    return took


@dataclass(frozen=True, slots=True)
class Timed:
    """The seconds of the runs that counted, and how many failed beside them."""

    values: tuple[float, ...]
    failed: int


def timed(command: Command, runs: int, spare: int = 3, fine: Collection[int] = (0,)) -> Timed:
    """Time a command so often, after one run that is not counted. Raises Failed where more than `spare` runs failed.

    On a busy machine a run of hundreds of plays can fail, and one that failed tells nothing of the time it takes.
    """
    found: list[float] = []
    failed = 0
    while len(found) <= runs:
        try:
            found.append(seconds(command, fine))
        except Failed:
            failed += 1
            if failed > spare:
                raise
    return Timed(tuple(found[1:]), failed)


def alternated(commands: Mapping[str, Command], rounds: int) -> dict[str, tuple[float, ...]]:
    """Return the seconds of each command in each round, after a round that is not counted.

    In each round every command runs once, and the next round begins with another: so a slow minute of the machine is
    shared by all, and the ratios within a round are steadier than the seconds.
    """
    names = list(commands)
    for name in names:
        seconds(commands[name])
    taken: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            taken[name].append(seconds(commands[name]))
    return {name: tuple(values) for name, values in taken.items()}


def ratios(these: Sequence[float], those: Sequence[float]) -> tuple[float, ...]:
    """Return how many times as much each of these is as its partner."""
    return tuple(this / that for this, that in zip(these, those, strict=True))


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Return values as a page tells them: `0.46 (0.44 to 0.52)`, the median and the extremes."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def peak_mib(command: Command) -> float:
    """Return the largest sum of the proportional memory (PSS) of a command and all its children, in MiB."""
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
