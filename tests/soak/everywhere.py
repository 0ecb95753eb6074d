"""Play the recorded sessions of healthy projects, of their twins and of mutants with sleeps everywhere, and count.

No healthy project may be refuted in any round, and every twin and mutant must be. `make soak` runs it.
`python -m tests.soak.everywhere --jobs 4 --without-twins` plays four projects at once; with `--busy 2` beside two busy
loops.
"""

import argparse
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.support.command import Poc
from tests.support.twins import HEALTHY, SESSIONS, listed, played, twins

ROUNDS = 50

Play = tuple[str, Callable[[Poc, Path], dict[str, Any]]]
"""The name of what is played, and what plays it in a folder of its own."""


def main() -> None:
    """Exit 1 where a healthy project is accused, or a twin or a mutant is missed."""
    wanted = _arguments()
    burners = [multiprocessing.Process(target=_burn, daemon=True) for _ in range(wanted.busy)]
    for each in burners:
        each.start()
    with ThreadPoolExecutor(wanted.jobs) as threads, tempfile.TemporaryDirectory(prefix="poc-everywhere-") as folder:
        soak = _Soak(threads, Path(folder))
        if not wanted.without_twins:
            soak.count("twins", _of([*_twins()], wanted.only), "refuted")
            soak.count("mutants", _of([*_mutants()], wanted.only), "refuted")
        # The rounds follow each other without a break, so that the longest project of one holds nothing up.
        rounds = [_of([*_healthy()], wanted.only) for _ in range(wanted.rounds)]
        soak.count_all([(f"healthy, round {number}", plays) for number, plays in enumerate(rounds, 1)], "held")
    for each in burners:
        each.kill()
    sys.exit(1 if soak.wrong else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--jobs", type=int, default=1, help="how many projects to play at once")
    parser.add_argument("--busy", type=int, default=0)
    parser.add_argument("--without-twins", action="store_true")
    parser.add_argument("--only", default="", help="play only what has this in its name")
    return parser.parse_args()


def _of(plays: list[Play], only: str) -> list[Play]:
    return [each for each in plays if only in each[0]]


def _healthy() -> Iterator[Play]:
    for name in HEALTHY:
        yield name, lambda poc, _, name=name: played(poc, SESSIONS / f"{name}.toml")  # type: ignore[misc]


def _twins() -> Iterator[Play]:
    for twin in twins():
        yield (
            twin.name,
            lambda poc, folder, twin=twin: played(  # type: ignore[misc]
                poc, SESSIONS / f"{twin.project}.toml", "--worker", str(twin.copied(folder))
            ),
        )


def _mutants() -> Iterator[Play]:
    for each in listed():
        if each.verdict == "refuted":
            yield (
                each.name,
                lambda poc, folder, each=each: played(  # type: ignore[misc]
                    poc, each.session, "--worker", str(each.assembled(folder))
                ),
            )


class _Soak:
    """Plays what is wanted, several at once, and counts how it comes out."""

    def __init__(self, threads: ThreadPoolExecutor, folder: Path) -> None:
        self._threads = threads
        self._folder = folder
        self._begun = time.monotonic()
        self.wrong = 0

    def count(self, what: str, plays: list[Play], wanted: str) -> None:
        """Play all of it and print how it came out."""
        self.count_all([(what, plays)], wanted)

    def count_all(self, rounds: list[tuple[str, list[Play]]], wanted: str) -> None:
        """Play all rounds and print how each came out, and what was not as wanted.

        A healthy project may be unknown on a busy machine, and a command may run out of time there; both are listed,
        and not counted as wrong.
        """
        begun = [
            (what, [(name, self._threads.submit(self._verdict, play)) for name, play in plays])
            for what, plays in rounds
        ]
        for what, plays in begun:
            counts: Counter[str] = Counter()
            for name, found in plays:
                verdict, reason = found.result()
                counts[verdict] += 1
                if verdict != wanted:
                    sys.stdout.write(f"  {name}: {verdict}: {reason}\n")
            told = ", ".join(f"{number} {verdict}" for verdict, number in counts.most_common())
            sys.stdout.write(f"{what}: {told}, after {time.monotonic() - self._begun:.0f} s in all\n")
            sys.stdout.flush()
            self.wrong += counts["refuted"] + counts["error"] if wanted == "held" else counts.total() - counts[wanted]

    def _verdict(self, play: Callable[[Poc, Path], dict[str, Any]]) -> tuple[str, str]:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            try:
                scenario = play(Poc(Path(folder) / "play"), Path(folder) / "worker")
            except subprocess.TimeoutExpired as error:
                return "timeout", str(error)
            except AssertionError as error:
                return "error", str(error)
        claims = scenario["claims"]
        return (claims[0]["verdict"], claims[0]["reason"]) if claims else ("error", scenario["error"])


def _burn() -> None:
    while True:
        pass


if __name__ == "__main__":
    main()
