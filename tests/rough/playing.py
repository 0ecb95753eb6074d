"""Plays groups of scenarios under a rough condition, within a time."""

import argparse
import json
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.rough import conditions
from tests.rough.tally import Tally
from tests.support.command import Poc

AT_ONCE: Final = 4
"""Runs of one scenario side by side where each has stalls of its own. They mostly wait."""

PATIENCE_SECONDS: Final = 900
"""A guard against a run that hangs, far above three times the longest story with its stalls."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of poc: its words, what to call it, and how long it is stopped, if it is."""

    name: str
    words: tuple[str, ...]
    stopped_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run wrote: a document, or why there is none."""

    run: Run
    document: dict[str, Any] | None
    reason: str


def play(runs: Sequence[Run], how: str, seed: int, until: float) -> Iterator[Outcome]:
    """Play runs in a condition until a time of the monotonic clock; those that have begun are played to their end."""
    with (
        tempfile.TemporaryDirectory(prefix="poc-rough-") as folder,
        conditions.during(how),
        ThreadPoolExecutor(AT_ONCE if how == "stalled" else 1) as places,
    ):

        def one(number: int, run: Run) -> Outcome | None:
            return None if time.monotonic() > until else _play(run, how, seed + number, Path(folder) / str(number))

        futures = [places.submit(one, number, run) for number, run in enumerate(runs)]
        for future in futures:
            if (outcome := future.result()) is not None:
                yield outcome


def _play(run: Run, how: str, seed: int, folder: Path) -> Outcome:
    poc = Poc(folder)
    chance = random.Random(seed)  # noqa: S311
    with poc.start(*run.words, variables=conditions.variables(how, seed)) as process:
        try:
            with conditions.beside(how, run.stopped_seconds, chance, process):
                out, err = process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            return Outcome(run, None, f"did not end within {PATIENCE_SECONDS} s")
        finally:
            process.kill()
    try:
        return Outcome(run, json.loads(out), "")
    except ValueError:
        return Outcome(run, None, f"exit {process.returncode} and no document: {err[-500:]}")


def chosen(names: Sequence[str], share: float, seed: int) -> list[str]:
    """Return a share of the names, in a random order that the seed decides."""
    return random.Random(seed).sample(list(names), k=max(1, round(share * len(names))))  # noqa: S311


def in_turn(hows: Sequence[str], minutes: float, one: Callable[[str, float], Tally]) -> dict[str, Tally]:
    """Call `one` for each condition with the time by which it has to end: what is left is shared by those to come."""
    end = time.monotonic() + 60 * minutes
    found: dict[str, Tally] = {}
    for index, how in enumerate(hows):
        now = time.monotonic()
        found[how] = one(how, now + (end - now) / (len(hows) - index))
    return found


def arguments(description: str, hows: Sequence[str], words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what a script was asked: how, the seed, the share, the minutes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--how", nargs="+", choices=hows, default=list(hows), help="the conditions (default: all)")
    parser.add_argument("--seed", type=int, default=1, help="decides what is played, in which order, and each moment")
    parser.add_argument("--share", type=float, default=1.0, help="the share that is played, up to 1")
    parser.add_argument("--minutes", type=float, default=15.0, help="nothing is begun later than this")
    return parser.parse_args(words)
