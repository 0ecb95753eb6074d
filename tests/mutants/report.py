"""Plays every mutant, says which claims caught it, and gives a score per theme: `make mutants`, or with names those."""

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from tests.support import patched
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
    known = [*TABLE, *patched.names()]
    strange = [name for name in names if name not in known]
    if strange:
        sys.stderr.write(f"no mutant {', '.join(strange)}: they are the files in tests/mutants\n")
        return USAGE_ERROR
    chosen = names or known
    runs = Runs(chosen, real=False)
    try:
        wrong = {name: told for name in chosen if (told := _tell(name, runs.outcomes[name].result()))}
    finally:
        runs.end()
    caught = sum(name not in TABLE or bool(TABLE[name].refuted) for name in chosen)
    of_theme, missed = Counter(map(_theme, chosen)), Counter(map(_theme, wrong))
    for theme, number in sorted(of_theme.items()):
        sys.stdout.write(f"\n{theme}: {number - missed[theme]} of {number} as they must be")
    sys.stdout.write(
        f"\n\n{len(chosen)} mutants: {caught} to be caught, {len(chosen) - caught} that no claim may refute\n"
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
    if name in TABLE:
        return list(_wrong(TABLE[name], refuted, unknown))
    survived = patched.claims_of(name) - refuted
    return [f"SURVIVED {_listed(survived)}"] if survived or not refuted else []


def _theme(name: str) -> str:
    """Return the folder of a mutant; those in TypeScript have none."""
    return patched.theme_of(name) if "/" in name else "the worker at large"


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
