"""Plays the shipped catalogue against the shipped worker under rough conditions; no verdict may change.

`python -m tests.rough.catalogue --how busy --seed 1 --share 0.25 --minutes 15`. Exits 1 where a claim was refuted that
is not known to be, where one was held that is known to be refuted, where a play was an error, where more than 2 % are
unknown, or where a repeat has no reason.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import Final

from poc_cli.commands.selection import LEFT_TO_TAG
from tests.rough import conditions, playing
from tests.rough.tally import Tally, repeats, table
from tests.support.expected import SHIPPED

GROUP: Final = 6
"""Scenarios of one run that is stopped once: few, so that the stops of a condition are many."""


def main() -> None:
    """Play, tell, and exit 1 where anything is wrong."""
    asked = playing.arguments("Play the catalogue under rough conditions.", conditions.CONDITIONS)
    names = playing.chosen(_names(), asked.share, asked.seed)

    def one(how: str, until: float) -> Tally:
        tally, began, runs = Tally(), time.monotonic(), list(_runs(how, names))
        for outcome in playing.play(runs, how, asked.seed, until):
            if outcome.document is None:
                tally.failed(outcome.run.name, outcome.reason)
            else:
                tally.add(outcome.document)
        tally.seconds, tally.not_begun = time.monotonic() - began, len(runs) - tally.runs
        return tally

    tallies = playing.in_turn(asked.how, asked.minutes, one)
    sys.stdout.write(f"{table(tallies)}\n\n{repeats(tallies)}\n")
    faults = [f"{how}: {fault}" for how, tally in tallies.items() for fault in tally.faults()]
    sys.stdout.write("".join(f"{fault}\n" for fault in faults))
    sys.exit(1 if faults else 0)


def _names() -> list[str]:
    """Return what `poc run --all` plays."""
    return sorted(name for name, scenario in SHIPPED.items() if not LEFT_TO_TAG & set(scenario.get("tags", ())))


def _runs(how: str, names: Sequence[str]) -> Iterator[playing.Run]:
    lengths: tuple[float, ...] = (0.0,)
    match how:
        case "stalled":
            groups = [[name] for name in names]
        case "stopped-poc" | "stopped-runtime":
            groups = [list(names[first : first + GROUP]) for first in range(0, len(names), GROUP)]
            lengths = conditions.STOPPED_SECONDS
        case _:
            groups = [list(names)]
    for group in groups:
        for seconds in lengths:
            yield playing.Run(", ".join(group), ("run", *group, "--json"), seconds)


if __name__ == "__main__":
    main()
