"""The runs of the stack's mutants, side by side in the background."""

import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from tests.support import stack, table_stack
from tests.support.browser import executable
from tests.support.command import Poc, Ran

AT_ONCE = 6
"""Each has an app and most have a browser; mostly they wait for something that a broken worker never does."""


class StackRuns:
    """Everything that is played, from the beginning on."""

    def __init__(self) -> None:
        """Start playing all mutants."""
        self._folder = tempfile.TemporaryDirectory(prefix="poc-test-")
        place = Path(self._folder.name)
        packages = place / "packages"
        packages.mkdir()
        self._packages = stack.packages(packages)
        self._places = ThreadPoolExecutor(AT_ONCE)
        self.outcomes: dict[str, Future[Ran]] = {
            name: self._places.submit(self._play, name, place) for name in stack.names()
        }

    def _play(self, name: str, place: Path) -> Ran:
        short = name.removeprefix(table_stack.PREFIX)
        stories = stack.assemble(name, place / f"stories-{short}", self._packages)
        words = [str(stories / f"{scenario}.toml") for scenario in table_stack.scenarios_of(name)]
        variables = {"POC_CHROMIUM": str(executable())}
        return Poc(place / short).run("run", *words, "--sleep", "evict", "--json", variables=variables)

    def end(self) -> None:
        """Start no more of them, wait for those that are going on, and clear up."""
        self._places.shutdown(cancel_futures=True)
        self._folder.cleanup()
