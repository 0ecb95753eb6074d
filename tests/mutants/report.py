"""Plays every mutant and says which claims caught it: `make mutants`, or with names only those."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.support.command import Ran
from tests.support.expected import Expected
from tests.support.mutant_runs import Runs
from tests.support.mutant_table import TABLE
from tests.support.record import claims

USAGE_ERROR = 2
MOST_SAID = 6
"""Claims that are named; where more than that are unknown, their number says enough."""


def main(names: Sequence[str]) -> int:
    """Play and tell; give 1 where a mutant survived or a claim about something else gave way."""
    strange = [name for name in names if name not in TABLE]
    if strange:
        sys.stderr.write(f"no mutant {', '.join(strange)}: they are the files in tests/mutants\n")
        return USAGE_ERROR
    chosen = names or list(TABLE)
    runs = Runs(chosen, real=False)
    try:
        wrong = {name: told for name in chosen if (told := _tell(name, runs.outcomes[name].result()))}
    finally:
        runs.end()
    caught = sum(bool(TABLE[name].refuted) for name in chosen)
    sys.stdout.write(
        f"\n{len(chosen)} mutants: {caught} to be caught, {len(chosen) - caught} that no claim may refute\n"
    )
    for name, told in wrong.items():
        sys.stdout.write(f"  {name}: {'; '.join(told)}\n")
    sys.stdout.write("" if wrong else "no survivor, and no claim about anything else gave way\n")
    return 1 if wrong else 0


def _tell(name: str, ran: Ran) -> list[str]:
    """Write what became of a mutant, and give what is wrong with that."""
    try:
        # what is known to be refuted here says nothing about the mutant
        judged = claims(ran.document()).items()
        told = {claim: "held" if (said := str(found["verdict"])) == found["known"] else said for claim, found in judged}
    except (ValueError, KeyError):
        told = {}
    refuted, unknown = ({claim for claim, said in told.items() if said == each} for each in ("refuted", "unknown"))
    held = sum(said == "held" for said in told.values())
    errors = {claim for claim, said in told.items() if said == "error"}
    sys.stdout.write(f"{name}\n")
    sys.stdout.write(f"  caught by {_listed(refuted) or 'nothing'}\n")
    if unknown:
        sys.stdout.write(f"  unknown   {_listed(unknown)}\n")
    sys.stdout.write(f"  held      {held} of {len(told)}\n")
    sys.stdout.flush()
    if not told or errors:
        return [f"could not be played: {ran.err.strip() or _listed(errors)}"]
    return list(_wrong(TABLE[name], refuted, unknown))


def _wrong(expected: Expected, refuted: set[str], unknown: set[str]) -> Iterator[str]:
    if expected.refuted - refuted:
        yield f"SURVIVED {_listed(expected.refuted - refuted)}"
    if refuted - expected.refuted:
        yield f"refuted beside it: {_listed(refuted - expected.refuted)}"
    if unknown - expected.unknown - expected.refuted:
        yield f"unknown beside it: {_listed(unknown - expected.unknown - expected.refuted)}"


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)) if len(names) <= MOST_SAID else f"{len(names)} claims"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
