"""Judges a hundred thousand stories in which the truth is known, each once more with a stall in it, on all processors.

`make soak` runs it; twenty minutes.

`python -m tests.soak.truth FIRST LAST` takes other seeds; one alone prints its story and its history.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.support.truth.measured import Wrong, held_up, judged, measured, turned_round
from tests.support.truth.stories import Chance, case

CASES = 100_000
BATCH = 500


def main() -> None:
    """Exit 1 where a verdict was neither the truth nor unknown."""
    given = [int(word) for word in sys.argv[1:]]
    if len(given) == 1:
        _show(given[0])
        return
    seeds = range(*given) if given else range(CASES)
    counted: Counter[tuple[str | None, str]] = Counter()
    untrue: list[tuple[int, Wrong]] = []
    turned: list[str] = []
    with ProcessPoolExecutor() as pool:
        for number, (counts, found, opposites) in enumerate(pool.map(_judged, _batches(seeds)), start=1):
            counted += counts
            untrue += found
            turned += opposites
            sys.stderr.write(f"\r{number * BATCH} stories, {len(untrue)} verdicts untrue, {len(turned)} turned round")
    sys.stderr.write("\n")
    for (check, verdict), number in sorted(counted.items(), key=str):
        sys.stdout.write(f"{check or 'by its steps'}: {number} {verdict}\n")
    kinds = Counter((each.flaw, str(each.check), each.verdict) for _, each in untrue)
    for (flaw, check, verdict), number in kinds.most_common():
        seed, example = next((s, e) for s, e in untrue if (e.flaw, str(e.check), e.verdict) == (flaw, check, verdict))
        true = " or ".join(sorted(example.true)) or "unknown"
        sys.stdout.write(f"{number} x {flaw}: {check} {verdict}, truly {true}; seed {seed}: {example.reason}\n")
    sys.stdout.writelines(f"turned round by a stall: {each}\n" for each in turned)
    sys.exit(1 if turned or untrue else 0)


def _batches(seeds: range) -> Iterator[range]:
    return (seeds[first : first + BATCH] for first in range(0, len(seeds), BATCH))


def _judged(seeds: Iterable[int]) -> tuple[Counter[tuple[str | None, str]], list[tuple[int, Wrong]], list[str]]:
    counted: Counter[tuple[str | None, str]] = Counter()
    untrue: list[tuple[int, Wrong]] = []
    turned: list[str] = []
    for seed in seeds:
        undisturbed, late = held_up(seed)
        before = judged(undisturbed.events)
        turned += [f"seed {seed}: {each}" for each in turned_round(before, late.events, late.truths)]
        verdicts, wrong = measured(undisturbed)
        counted.update(verdicts)
        untrue += [(seed, each) for each in wrong]
    return counted, untrue, turned


def _show(seed: int) -> None:
    found = case(Chance(seed), seed)
    sys.stdout.write(f"{found.flaw}\n\n{found.text}\n")
    sys.stdout.writelines(event.line() + "\n" for event in found.events)
    sys.stdout.writelines(f"{each}\n" for each in measured(found)[1])


if __name__ == "__main__":
    main()
