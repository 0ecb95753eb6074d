"""Play the recorded sessions of healthy projects, of their twins and of mutants with sleeps everywhere, and count.

No healthy project may be refuted in any round, and every twin and mutant must be. `make soak` runs it; ROUNDS rounds
take about 50 s each. `python -m tests.soak.everywhere --rounds 5 --busy 2 --without-twins` plays beside two busy loops.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.command import Poc
from tests.support.twins import HEALTHY, SESSIONS, listed, played, twins

ROUNDS = 50


def main() -> None:
    """Exit 1 where a healthy project is accused, or a twin or a mutant is missed."""
    wanted = _arguments()
    burners = [multiprocessing.Process(target=_burn, daemon=True) for _ in range(wanted.busy)]
    for each in burners:
        each.start()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="poc-everywhere-") as folder:
        poc = Poc(Path(folder) / "play")
        if not wanted.without_twins:
            wrong += _count("twins", _twins(poc, Path(folder), wanted.only), "refuted")
            wrong += _count("mutants", _mutants(poc, Path(folder), wanted.only), "refuted")
        for number in range(wanted.rounds):
            wrong += _count(f"healthy, round {number + 1}", _healthy(poc, wanted.only), "held")
    for each in burners:
        each.kill()
    sys.exit(1 if wrong else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--busy", type=int, default=0)
    parser.add_argument("--without-twins", action="store_true")
    parser.add_argument("--only", default="", help="play only what has this in its name")
    return parser.parse_args()


def _healthy(poc: Poc, only: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in (each for each in HEALTHY if only in each):
        yield name, played(poc, SESSIONS / f"{name}.toml")


def _twins(poc: Poc, folder: Path, only: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for twin in (each for each in twins() if only in each.name):
        worker = twin.copied(folder / "twins")
        yield twin.name, played(poc, SESSIONS / f"{twin.project}.toml", "--worker", str(worker))


def _mutants(poc: Poc, folder: Path, only: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for each in (one for one in listed() if only in one.name and one.verdict == "refuted"):
        worker = each.assembled(folder / "mutants")
        yield each.name, played(poc, each.session, "--worker", str(worker))


def _count(what: str, found: Iterator[tuple[str, dict[str, Any]]], wanted: str) -> int:
    """Print each outcome that is not the wanted one, then the counts; return how many are wrong.

    A healthy project may be unknown on a busy machine; that is listed, and not counted as wrong.
    """
    begun = time.monotonic()
    counts: Counter[str] = Counter()
    for name, scenario in found:
        claim = scenario["claims"][0] if scenario["claims"] else {"verdict": "error", "reason": scenario["error"]}
        counts[claim["verdict"]] += 1
        if claim["verdict"] != wanted:
            sys.stdout.write(f"  {name}: {claim['verdict']}: {claim['reason']}\n")
    told = ", ".join(f"{number} {verdict}" for verdict, number in counts.most_common())
    sys.stdout.write(f"{what}: {told} in {time.monotonic() - begun:.0f} s\n")
    sys.stdout.flush()
    return counts["refuted"] + counts["error"] if wanted == "held" else counts.total() - counts[wanted]


def _burn() -> None:
    while True:
        pass


if __name__ == "__main__":
    main()
