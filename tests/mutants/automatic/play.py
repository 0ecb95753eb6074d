"""Change the worker in all the small ways that StrykerJS knows, and tell which changes no claim notices: `make mutate`.

One copy of the worker has all mutants in it, each behind a switch, so that nothing is built for a mutant. First each
scenario tells which mutants it reaches; then each mutant is played in the scenarios that reach it, until a claim is
refuted: at first in the one that refuted it the last time, then in those that refuted its neighbors. Only stories are
played, because a control says nothing about the worker. The words name files of worker/src, to play only the mutants in
them; what a run that was interrupted found is in results/automatic-mutants, and is played first the next time.
"""

import hashlib
import json
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import ClassVar, Final

sys.path.insert(0, str(Path(__file__).parents[3]))

from poc_cli.commands.selection import LEFT_TO_TAG
from tests.mutants.automatic.harmless import Harmless
from tests.mutants.automatic.instrumented import REACHED, Mutant, instrument, switch_on
from tests.support.command import ROOT, Ran
from tests.support.expected import ELSEWHERE, SHIPPED
from tests.support.forked import ForkedPoc
from tests.support.mutant_runs import TOO_SLOW
from tests.support.record import claims, latest

AT_ONCE: Final = 6
"""Runs side by side: they mostly wait."""

KEPT: Final = ROOT / "results" / "automatic-mutants"
"""What each scenario reaches, and what became of each mutant, in case that a run is interrupted."""

QUICK_SECONDS: Final = 8.0
"""A scenario that takes longer than this is played last."""

SLOW: Final = 6
"""How many of those are, and of those that wait for the idle timer."""

BATCHES: Final = (2, 6, 16, None)
"""In how many quick scenarios a mutant is played at first, then, and so on: those that reach most of its file first.

Two catch three of four. The last batch, all others, takes a minute; few mutants come to it.
"""

OUR_WORKER: Final = "../../worker"
"""How a scenario names it that gives it variables."""

IDLE: Final = "it tests the runtime's idle timer"
"""What a run says of a scenario that it leaves out with `--sleep evict`; it is played with the runtime's own timer."""


UNCONTROLLED: Final = "its control was not played"
"""What a run says of a story that held alone."""

NEAR_LINES: Final = 8
"""A scenario that refuted a mutant so many lines away counts half as much as one that refuted it in the same line."""


class StoryPoc(ForkedPoc):
    """Runs without controls, and without repeating a story with module state put back: these mutants add none."""

    patience: ClassVar[float] = 180.0

    @staticmethod
    def command(arguments: tuple[str, ...], folder: Path, environment: dict[str, str], out: Path, err: Path) -> None:
        """Be the command, with every story known to be confirmed. Ends the process."""
        from poc_cli.engine import run_plan
        from poc_cli.engine.module_state_play import Confirmations
        from poc_cli.scenario.plays import plays_of

        run_plan.plays_of = lambda *words: plays_of(*words)[:1]  # type: ignore[assignment, attr-defined]
        Confirmations.has = lambda *_: True  # type: ignore[method-assign]
        ForkedPoc.command(arguments, folder, environment, out, err)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a scenario reaches of the worker without a mutant."""

    ids: frozenset[str]
    seconds: float
    sleep: str
    """`evict` or `idle`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutant."""

    verdict: str
    """`refuted`, `unclear` where claims came out as unknown or errors only, `survived`, or `unreached`."""
    by: str = ""


class Bench:
    """Copies of the instrumented worker, each for one run at a time."""

    def __init__(self, folder: Path) -> None:
        """Instrument the worker once and copy it for each place."""
        self.folder = folder
        self.mutants = instrument(folder / "worker")
        self._free: SimpleQueue[Path] = SimpleQueue()
        for place in range(AT_ONCE):
            self._free.put(shutil.copytree(folder / "worker", folder / f"worker-{place}"))

    def play(self, active: str, scenarios: Sequence[str], sleep: str = "evict") -> tuple[Ran | None, str]:
        """Play scenarios with a mutant on; return the run, None if it did not end, and the worker's log."""
        worker = self._free.get()
        place = Path(tempfile.mkdtemp(dir=self.folder))
        try:
            switch_on(active, worker)
            poc = StoryPoc(place)
            ran = poc.run("run", *scenarios, "--worker", str(worker), "--sleep", sleep, "--json")
            log = latest(poc.results) / "worker.log" if poc.results.exists() else place
            return ran, log.read_text(encoding="utf-8") if log.is_file() else ""
        except TimeoutError:
            return None, ""
        finally:
            shutil.rmtree(place, ignore_errors=True)
            self._free.put(worker)


def main(files: Sequence[str]) -> int:
    """Play and tell; give 1 where a mutant survives that is not listed as harmless."""
    with tempfile.TemporaryDirectory(prefix="poc-mutants-") as folder:
        bench = Bench(Path(folder))
        strange = sorted(set(files) - {each.file for each in bench.mutants})
        if strange:
            sys.stderr.write(f"no mutants in {', '.join(strange)}: name files of worker/src\n")
            return 2
        KEPT.mkdir(parents=True, exist_ok=True)
        reached = _reach(bench)
        chosen = [each for each in bench.mutants if not files or each.file in files]
        harmless = Harmless.read()
        outcomes = _played(bench, [each for each in chosen if not harmless.reason_of(each)], reached)
    return _tell(chosen, outcomes, harmless, everything=not files)


def scenarios() -> list[str]:
    """Return what `poc run --all` plays on our own worker."""
    return [
        name
        for name, each in SHIPPED.items()
        if name not in ELSEWHERE
        and not LEFT_TO_TAG & set(each.get("tags", ()))
        and each.get("worker", {}).get("dir", OUR_WORKER) == OUR_WORKER
    ]


def _reach(bench: Bench) -> dict[str, Reach]:
    """Return what each scenario reaches; taken from the last time where neither the worker nor the scenario changed."""
    file = KEPT / "reached.json"
    known: dict[str, object] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    source = json.dumps([(each.file, each.line, each.told) for each in bench.mutants])
    keys = {name: hashlib.sha256((source + repr(SHIPPED[name])).encode()).hexdigest() for name in scenarios()}
    with ThreadPoolExecutor(AT_ONCE) as places:
        missing = {name: places.submit(_reached_by, bench, name) for name, key in keys.items() if key not in known}
        for name, found in missing.items():
            known[keys[name]] = found.result()
            file.write_text(json.dumps(known), encoding="utf-8")
    return {name: _reach_of(known[key]) for name, key in keys.items()}


def _reached_by(bench: Bench, scenario: str) -> object:
    began = time.monotonic()
    sleep = "evict"
    ran, log = bench.play(REACHED, [scenario], sleep)
    if ran is not None and IDLE in ran.out:
        sleep = "idle"
        _, log = bench.play(REACHED, [scenario], sleep)
    ids = {word for line in log.splitlines() if line.startswith(f"{REACHED} ") for word in line.split()[1:]}
    sys.stderr.write(f"{scenario} reaches {len(ids)} mutants\n")
    return {"ids": sorted(ids), "seconds": time.monotonic() - began, "sleep": sleep}


def _reach_of(found: object) -> Reach:
    assert isinstance(found, dict)
    return Reach(frozenset(found["ids"]), float(found["seconds"]), str(found["sleep"]))


def _played(bench: Bench, mutants: Sequence[Mutant], reached: Mapping[str, Reach]) -> dict[str, Outcome]:
    """Play mutants side by side."""
    file = KEPT / "outcomes.json"
    known: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    order = _Order(bench.mutants, reached, {told: by for told, (_, by) in known.items()})
    # in no order of the source, so that those of an interrupted run are a sample
    shuffled = sorted(mutants, key=lambda each: hashlib.sha256(each.told.encode()).digest())
    with ThreadPoolExecutor(AT_ONCE) as places:
        runs = {places.submit(_outcome, bench, each, order): each for each in shuffled}
        outcomes: dict[str, Outcome] = {}
        for run in as_completed(runs):
            mutant, outcome = runs[run], run.result()
            outcomes[mutant.id], known[mutant.told] = outcome, [outcome.verdict, outcome.by]
            file.write_text(json.dumps(known, indent=1), encoding="utf-8")
            sys.stderr.write(f"{outcome.verdict:9} {mutant.told}  {outcome.by}\n")
            sys.stderr.flush()
    return outcomes


class _Order:
    """In which order scenarios are played for a mutant."""

    def __init__(self, mutants: Iterable[Mutant], reached: Mapping[str, Reach], last: Mapping[str, str]) -> None:
        """Take what each scenario reaches, and the claim that refuted each mutant the last time."""
        self._reached = reached
        self._last = last
        self._refuted: list[tuple[Mutant, str]] = []
        ids: dict[str, set[str]] = defaultdict(set)
        for each in mutants:
            ids[each.file].add(each.id)
        self._of_file = {
            file: {name: len(own & reach.ids) for name, reach in reached.items()} for file, own in ids.items()
        }

    def refuted(self, mutant: Mutant, claim: str) -> None:
        """Remember which scenario refuted a mutant: it may refute its neighbors."""
        self._refuted.append((mutant, claim.partition("/")[0]))

    def _promise(self, mutant: Mutant) -> dict[str, float]:
        """Return by scenario how much speaks for playing it first."""
        promise: dict[str, float] = defaultdict(float)
        for other, scenario in self._refuted:
            if other.file == mutant.file:
                promise[scenario] += NEAR_LINES / (NEAR_LINES + abs(other.line - mutant.line))
        promise[self._last.get(mutant.told, "").partition("/")[0]] += len(self._refuted) + 1
        return promise

    def batches(self, mutant: Mutant) -> Iterator[tuple[str, list[str]]]:
        """Yield lists of scenarios with their kind of sleep: some quick ones, more of them, the slow ones.

        One that reaches no more of the file than every scenario does, at the load of the modules, is left out.
        """
        of_file = self._of_file[mutant.file]
        least = min(of_file.values())
        touching = [name for name, reach in self._reached.items() if mutant.id in reach.ids and of_file[name] > least]
        touching = touching or [name for name, reach in self._reached.items() if mutant.id in reach.ids]
        promise = self._promise(mutant)
        touching.sort(key=lambda name: (-promise.get(name, 0), -of_file[name], self._reached[name].seconds))
        evicted = [name for name in touching if self._reached[name].sleep == "evict"]
        quick = iter([name for name in evicted if self._reached[name].seconds <= QUICK_SECONDS])
        slow = [name for name in evicted if self._reached[name].seconds > QUICK_SECONDS]
        idle = [name for name in touching if self._reached[name].sleep == "idle"]
        parts = [("evict", list(islice(quick, number))) for number in BATCHES]
        yield from (part for part in (*parts, ("evict", slow[:SLOW]), ("idle", idle[:SLOW])) if part[1])


def _outcome(bench: Bench, mutant: Mutant, order: _Order) -> Outcome:
    unclear = ""
    batches = list(order.batches(mutant))
    for sleep, batch in batches:
        ran, _ = bench.play(mutant.id, batch, sleep)
        told = _not_held(ran)
        refuted = sorted(claim for claim, said in told.items() if said == "refuted")
        if refuted:
            order.refuted(mutant, refuted[0])
            return Outcome("refuted", refuted[0])
        unclear = unclear or ("it did not end" if ran is None else "" if not told else min(told))
        if not told and ran is not None and not ran.out.startswith("{"):
            return Outcome("unclear", "it does not start")
    return Outcome("unclear", unclear) if unclear else Outcome("survived" if batches else "unreached")


def _not_held(ran: Ran | None) -> dict[str, str]:
    if ran is None or not ran.out.startswith("{"):
        return {}
    return {name: str(each["verdict"]) for name, each in claims(ran.document()).items() if _says_something(each)}


def _says_something(claim: Mapping[str, object]) -> bool:
    """Return whether a claim does not hold because of the mutant: not as on any worker here, nor by a slow machine."""
    reason = str(claim["reason"])
    return claim["verdict"] not in {"held", claim["known"]} and TOO_SLOW not in reason and UNCONTROLLED not in reason


def _tell(mutants: Sequence[Mutant], outcomes: Mapping[str, Outcome], harmless: Harmless, *, everything: bool) -> int:
    """Write the score of each file, then every survivor."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for each in mutants:
        counts[each.file][outcomes[each.id].verdict if each.id in outcomes else "harmless"] += 1
    for file, of_file in sorted(counts.items()):
        sys.stdout.write(f"{file:20}{_score(of_file)}\n")
    sys.stdout.write(f"{'all':20}{_score(sum(counts.values(), Counter()))}\n")
    left = [each for each in mutants if each.id in outcomes and outcomes[each.id].verdict in {"survived", "unreached"}]
    for each in left:
        sys.stdout.write(f"{outcomes[each.id].verdict}: {each.told}\n")
    stale = harmless.unused(mutants) if everything else []
    for told in stale:
        sys.stdout.write(f"harmless.toml lists what is no mutant any more: {told}\n")
    return 1 if left or stale else 0


def _score(counts: Counter[str]) -> str:
    noticed = counts["refuted"] + counts["unclear"]
    total = noticed + counts["survived"] + counts["unreached"]
    share = f"{100 * noticed / total:4.0f} %" if total else "     -"
    parts = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
    return f"{share} of {total:4} ({parts})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
