"""Two hundred sleeps of the stack's room, and what its processes take meanwhile: app, programs, browser, runtime."""

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

import psutil

POC = Path(sys.executable).parent / "poc"

KINDS: Mapping[str, str] = {
    "next-server": "app",
    "cli.mts": "program",
    "--type=renderer": "page",
    "workerd": "runtime",
}
"""What tells one of the processes, in its command line."""

LOOKS_EVERY_SECONDS = 0.1
GROWTH_MIB = 32.0
"""What a garbage collector may leave lying for a while: V8's young generation alone has 16 MiB, twice."""

Samples = dict[str, list[float]]


def main() -> None:
    """Exit 1 where the story fails, or where an app or a program takes more at the end than in the middle."""
    with tempfile.TemporaryDirectory(prefix="poc-soak-") as results:
        words = [str(POC), "run", "many-sleeps", "--sleep", "evict", "-q", "--results", results]
        poc = psutil.Popen(words)
        samples = _watched(poc)
    grown = [kind for kind, values in samples.items() if _told(kind, values)]
    sys.exit(1 if grown or poc.returncode else 0)


def _watched(poc: psutil.Popen) -> Samples:
    """Return what each kind of process took while poc ran, in MiB, one value a look."""
    samples: Samples = defaultdict(list)
    while poc.poll() is None:
        taken: dict[str, float] = defaultdict(float)
        for kind, mib in _processes(poc):
            taken[kind] += mib
        for kind, mib in taken.items():
            samples[kind].append(mib)
        time.sleep(LOOKS_EVERY_SECONDS)
    return samples


def _processes(poc: psutil.Popen) -> Iterator[tuple[str, float]]:
    for process in poc.children(recursive=True):
        try:
            line = " ".join([process.name(), *process.cmdline()])
            memory = process.memory_info().rss / 2**20
        except psutil.Error:
            continue
        kind = next((kind for sign, kind in KINDS.items() if sign in line), None)
        if kind is not None:
            yield kind, memory


def _told(kind: str, values: Sequence[float]) -> bool:
    """Tell what a kind of process took, and give whether it has grown: what it starts with is not looked at."""
    third = len(values) // 3
    middle, late = median(values[third : 2 * third] or values), median(values[2 * third :] or values)
    sys.stdout.write(f"{kind:<8} {middle:7.1f} MiB in the middle, {late:7.1f} at the end\n")
    return kind in {"app", "program", "page"} and late - middle > GROWTH_MIB


if __name__ == "__main__":
    main()
