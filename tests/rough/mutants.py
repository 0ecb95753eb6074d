"""Plays mutants under rough conditions: 90 % of the claims that name them must be refuted, and none may be held.

`python -m tests.rough.mutants --how busy --seed 1 --share 0.25 --minutes 15`. Exits 1 otherwise.
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.rough import playing
from tests.rough.tally import Tally, repeats, table
from tests.support import mutants
from tests.support.mutant_table import NAMED, scenarios_of

HOWS = ("busy", "stalled")


def main() -> None:
    """Play, tell, and exit 1 where anything is wrong."""
    asked = playing.arguments("Play mutants under rough conditions.", HOWS)
    chosen = playing.chosen(sorted({mutant for _, mutant in NAMED}), asked.share, asked.seed)
    with tempfile.TemporaryDirectory(prefix="poc-rough-") as folder:
        runs = [_run(name, Path(folder)) for name in chosen]

        def one(how: str, until: float) -> Tally:
            tally, began = Tally(), time.monotonic()
            for outcome in playing.play(runs, how, asked.seed, until):
                if outcome.document is None:
                    tally.failed(outcome.run.name, outcome.reason)
                else:
                    named = [claim for claim, mutant in NAMED if mutant == outcome.run.name]
                    tally.add_mutant(outcome.run.name, outcome.document, named)
            tally.seconds, tally.not_begun = time.monotonic() - began, len(runs) - tally.runs
            return tally

        tallies = playing.in_turn(asked.how, asked.minutes, one)
    sys.stdout.write(f"{table(tallies)}\n\n{repeats(tallies)}\n")
    faults = [f"{how}: {fault}" for how, tally in tallies.items() for fault in tally.mutants_faults()]
    sys.stdout.write("".join(f"{fault}\n" for fault in faults))
    sys.exit(1 if faults else 0)


def _run(name: str, folder: Path) -> playing.Run:
    worker = mutants.assemble(mutants.source(name), folder / name)
    words = ("run", *scenarios_of(name), "--sleep", "evict", "--json", "--worker", str(worker))
    return playing.Run(name, words)


if __name__ == "__main__":
    main()
