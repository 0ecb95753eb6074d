"""Records runs of the same code and checks `poc compare` on all their pairs: `make noise`, on a quiet machine.

What is reported is cross-validated: the noise beyond which a ratio counts as a change is chosen on one half of the
runs and tried on the other, because on the runs that it was chosen on it finds no change by construction.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any, Final

from poc_cli.judge.figure_diff import NOISE, Change, figures_between

RUNS: Final = 20
KEPT: Final = Path("results/noise.json")
"""The wakes of the recorded runs and those of poc's own object, which git ignores."""

QUIET: Final = 0.5
"""The load of a machine that does nothing else, before the first run."""

PLANTED: Final = 1.2
REPEATS: Final = 8
"""Plays of wake-latency in a run, each of fifty wakes: so many values find a slowdown of a fifth on a busy machine."""

NOISES: Final = tuple(each / 5 for each in range(41))
SPLITS: Final = 50

Run = tuple[list[float], list[float]]
"""The wakes of a run and those of poc's own object between them, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Rates:
    """In how many pairs of the same code a change was reported, and in how many a planted slowdown was found."""

    pairs: int
    false: int
    found: int

    def text(self) -> str:
        """Return both in words."""
        return f"{self.false} of {self.pairs} pairs called a change, {self.found} of {self.pairs} planted ones found"


def rates(runs: Sequence[Run], noise: float) -> Rates:
    """Return the rates over all ordered pairs of runs, with the later one's wakes slowed as well as they are."""
    pairs = [*permutations(runs, 2)]
    slowed = [(one, ([PLANTED * each for each in other[0]], other[1])) for one, other in pairs]
    found = sum(_is_slower(_change(*pair, noise)) for pair in slowed)
    return Rates(len(pairs), sum(_change(*pair, noise).changed is True for pair in pairs), found)


def least_noise(runs: Sequence[Run]) -> float:
    """Return the least noise with which no pair of the runs is called a change, the largest if all are too small."""
    return next((each for each in NOISES if not rates(runs, each).false), NOISES[-1])


def cross_validated(runs: Sequence[Run], splits: int = SPLITS) -> tuple[Rates, list[float]]:
    """Choose the noise on one half of the runs and try it on the other; return the sums and the chosen values."""
    random = Random(1)  # noqa: S311 - statistics, no secrets
    tried: list[Rates] = []
    chosen: list[float] = []
    for _ in range(splits):
        shuffled = random.sample(runs, len(runs))
        half = len(runs) // 2
        chosen.append(least_noise(shuffled[:half]))
        tried.append(rates(shuffled[half:], chosen[-1]))
    return Rates(sum(r.pairs for r in tried), sum(r.false for r in tried), sum(r.found for r in tried)), sorted(chosen)


def _change(before: Run, after: Run, noise: float) -> Change:
    (figure,) = figures_between(_document(before), _document(after), noise)
    return figure.changes[0]


def _is_slower(change: Change) -> bool:
    return change.changed is True and (change.ratio or 0) > 1


def _document(run: Run) -> Any:
    wakes, own = (sorted(each) for each in run)
    figure = {"n": len(wakes), "min": wakes[0], "max": wakes[-1], "samples": {"s": wakes}, "own_wakes": {"s": own}}
    return {"figures": {"wake_ms": figure}}


def recorded(command: Sequence[str], number: int) -> Iterator[Run]:
    """Record so many runs of wake-latency, by evict. Raises SystemExit if a run does not hold."""
    for place in range(number):
        with tempfile.TemporaryDirectory(prefix="poc-noise-") as results:
            words = [
                *command,
                "run",
                "wake-latency",
                "--sleep",
                "evict",
                "--repeat",
                str(REPEATS),
                "--json",
                "--results",
                results,
            ]
            ran = subprocess.run(words, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
        if ran.returncode:
            sys.exit(f"run {place + 1} ended with {ran.returncode}")
        figure = json.loads(ran.stdout)["figures"]["wake_ms"]
        yield (
            [value for each in figure["samples"].values() for value in each],
            [value for each in figure["own_wakes"].values() for value in each],
        )


def main(poc: str = "poc", number: str = str(RUNS)) -> None:
    """Record, check and report."""
    load = os.getloadavg()[0]
    runs = [*recorded([poc], int(number))]
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps({"load": load, "runs": runs}) + "\n", encoding="utf-8")
    if load > QUIET:
        sys.stdout.write(f"this machine was busy (load {load:.1f}), so the figures are not those of a quiet one\n")
    sys.stdout.write(f"{len(runs)} runs, in {KEPT}\n")
    sys.stdout.write(f"as poc compare decides (noise {NOISE}): {rates(runs, NOISE).text()}\n")
    tried, chosen = cross_validated(runs)
    sys.stdout.write(f"cross-validated over {SPLITS} halves (noise {chosen[0]} to {chosen[-1]}): {tried.text()}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
