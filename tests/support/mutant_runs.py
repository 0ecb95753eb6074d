"""The runs of all mutants, side by side in the background.

Never judges what comes out.
"""

import tempfile
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tests.support import mutants
from tests.support.command import Poc, Ran
from tests.support.mutant_table import TABLE, real_scenarios, scenarios_of

AT_ONCE = 6
"""Runs side by side. They mostly wait, for a sleep or for an answer that may not come; each takes 0.6 s of a core."""

Outcomes = dict[str, "Future[Ran]"]
"""The run of each mutant, and of the worker itself as `real`."""


class Runs:
    """Everything that is played, from the beginning on."""

    def __init__(self, names: Iterable[str] = TABLE, *, real: bool = True) -> None:
        """Start playing: the worker itself where `real` says so, all of it alone, then the mutants side by side."""
        self._folder = tempfile.TemporaryDirectory(prefix="poc-test-")
        self._places = ThreadPoolExecutor(AT_ONCE)
        self.outcomes: Outcomes = {"real": self._places.submit(self._play_the_real_one)} if real else {}
        self.outcomes |= {name: self._places.submit(self._play, name) for name in names}

    def _play(self, name: str) -> Ran:
        if "real" in self.outcomes:
            self.outcomes["real"].exception()  # waits; whoever asks for the run will hear of it
        folder = Path(self._folder.name)
        worker = mutants.assemble(mutants.source(name), folder / f"worker-{name}")
        words = [*scenarios_of(name), "--sleep", "evict", "--json"]
        return Poc(folder / name).run("run", *words, "--worker", str(worker))

    def _play_the_real_one(self) -> Ran:
        poc = Poc(Path(self._folder.name) / "real")
        return poc.run("run", *real_scenarios(), "--sleep", "evict", "--json")

    def end(self) -> None:
        """Start no more of them, wait for those that are going on, and clear up."""
        self._places.shutdown(cancel_futures=True)
        self._folder.cleanup()
