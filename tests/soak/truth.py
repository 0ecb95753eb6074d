"""Judges a hundred thousand stories in which the truth is known, on all processors. `make soak` runs it; ten minutes.

`python -m tests.soak.truth FIRST LAST` takes other seeds; one alone prints its story and its history.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.support.truth.measured import Wrong, measured
from tests.support.truth.stories import Chance, case

CASES = 100_000
BATCH = 500


def main() -> None:
    """Exit 1 where a verdict was neither the truth nor unknown, and is not known to be."""
    given = [int(word) for word in sys.argv[1:]]
    if len(given) == 1:
        _show(given[0])
        return
    seeds = range(*given) if given else range(CASES)
    counted: Counter[tuple[str | None, str]] = Counter()
    untrue: list[tuple[int, Wrong]] = []
    with ProcessPoolExecutor() as pool:
        for number, (counts, found) in enumerate(pool.map(_judged, _batches(seeds)), start=1):
            counted += counts
            untrue += found
            sys.stderr.write(f"\r{number * BATCH} stories, {len(untrue)} verdicts untrue")
    sys.stderr.write("\n")
    for (check, verdict), number in sorted(counted.items(), key=str):
        sys.stdout.write(f"{check or 'by its steps'}: {number} {verdict}\n")
    kinds = Counter((each.is_open, each.flaw, str(each.check), each.verdict) for _, each in untrue)
    for (is_open, flaw, check, verdict), number in kinds.most_common():
        seed, example = next((s, e) for s, e in untrue if (e.flaw, str(e.check), e.verdict) == (flaw, check, verdict))
        known = "known: " if is_open else ""
        true = " or ".join(sorted(example.true)) or "unknown"
        sys.stdout.write(f"{known}{number} x {flaw}: {check} {verdict}, truly {true}; seed {seed}: {example.reason}\n")
    sys.exit(1 if any(not each.is_open for _, each in untrue) else 0)


def _batches(seeds: range) -> Iterator[range]:
    return (seeds[first : first + BATCH] for first in range(0, len(seeds), BATCH))


def _judged(seeds: Iterable[int]) -> tuple[Counter[tuple[str | None, str]], list[tuple[int, Wrong]]]:
    counted: Counter[tuple[str | None, str]] = Counter()
    untrue: list[tuple[int, Wrong]] = []
    for seed in seeds:
        verdicts, wrong = measured(case(Chance(seed), seed))
        counted.update(verdicts)
        untrue += [(seed, each) for each in wrong]
    return counted, untrue


def _show(seed: int) -> None:
    found = case(Chance(seed), seed)
    sys.stdout.write(f"{found.flaw}\n\n{found.text}\n")
    sys.stdout.writelines(event.line() + "\n" for event in found.events)
    sys.stdout.writelines(f"{each}\n" for each in measured(found)[1])


if __name__ == "__main__":
    main()
