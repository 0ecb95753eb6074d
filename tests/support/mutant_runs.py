"""The runs of all mutants, side by side in the background."""

import tempfile
from collections.abc import Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tests.support import mutants, patched
from tests.support.command import Poc, Ran
from tests.support.mutant_table import TABLE, real_scenarios, scenarios_of
from tests.support.record import claims

AT_ONCE = 5
"""Runs side by side. They mostly wait, for a sleep or for an answer that may not come; each takes 0.6 s of a core."""

CROWDED = "thousand_seats"
"""The mutant whose scenario opens 32,768 sockets: `make long` plays it, by itself."""

TRIES = 3
"""A run is played again where this machine was too slow to tell: that says nothing about a worker."""

TOO_SLOW = "this machine was too slow"
"""What a run says of a play that was late."""

Outcomes = dict[str, "Future[Ran]"]
"""The run of each mutant, and of the worker itself as `real`."""


class Runs:
    """Everything that is played, from the beginning on."""

    def __init__(self, names: Iterable[str] = TABLE, *, real: bool = True, poc: type[Poc] = Poc) -> None:
        """Start playing: the worker itself where `real` says so, all of it alone, then the mutants side by side."""
        self._poc = poc
        self._folder = tempfile.TemporaryDirectory(prefix="poc-test-")
        self._places = ThreadPoolExecutor(AT_ONCE)
        self.outcomes: Outcomes = {"real": self._places.submit(self._play_the_real_one)} if real else {}
        self.outcomes |= {name: self._places.submit(self._play, name) for name in names}

    def _play(self, name: str) -> Ran:
        if "real" in self.outcomes:
            self.outcomes["real"].exception()  # waits; whoever asks for the run will hear of it
        if "/" in name:
            worker = patched.assemble(name, Path(self._folder.name) / "worker" / name)
            return self._told(name.replace("/", "-"), [*patched.scenarios_of(name), "--worker", str(worker)], set())
        worker = mutants.assemble(mutants.source(name), Path(self._folder.name) / f"worker-{name}")
        return self._told(name, [*scenarios_of(name), "--worker", str(worker)], TABLE[name].unknown)

    def _play_the_real_one(self) -> Ran:
        return self._told("real", real_scenarios(), set())

    def _told(self, name: str, words: list[str], unknown: Collection[str]) -> Ran:
        """Run until no other claims than these are unknown, or something else than lateness is the reason."""
        for attempt in range(1, TRIES + 1):
            poc = self._poc(Path(self._folder.name) / f"{name}-{attempt}")
            ran = poc.run("run", *words, "--sleep", "evict", "--json")
            if TOO_SLOW not in ran.out or _unknown(ran) <= set(unknown):
                break
        return ran

    def end(self) -> None:
        """Start no more of them, wait for those that are going on, and clear up."""
        self._places.shutdown(cancel_futures=True)
        self._folder.cleanup()


def _unknown(ran: Ran) -> set[str]:
    return {name for name, claim in claims(ran.document()).items() if claim["verdict"] == "unknown"}
