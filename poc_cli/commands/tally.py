"""How far a run is: which scenarios have ended, in how many a step failed, and how long the rest takes at least."""

import time
from typing import TYPE_CHECKING, Final

from poc_cli.engine.scheduler import longest_wait
from poc_cli.engine.step_failure import STEP_FAILED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poc_cli.scenario.plays import Play

_ENDED: Final = frozenset({"done", "stopped", "error", "interrupted"})

_PLAY_SECONDS: Final = 0.1
"""What a play takes besides its waits, as 257 plays take 25 s on two cores (measured)."""

_ROUNDED_TO: Final = 5


class Tally:
    """Counts the scenarios of a run; plays that confirm a story belong to none and come after them."""

    def __init__(self, plays: "Sequence[Play]") -> None:
        self._scenario_of = {play.label: play.scenario.document.name for play in plays}
        self._stories = {play.label for play in plays if play.role == "story"}
        self._left: dict[str, set[str]] = {}
        for label, name in self._scenario_of.items():
            self._left.setdefault(name, set()).add(label)
        self._failed: set[str] = set()
        self._total_seconds = longest_wait(plays) + _PLAY_SECONDS * len(plays)
        self._begun = time.monotonic()
        self.total = len(self._left)

    @property
    def ended(self) -> int:
        """Return how many scenarios have ended, with all their controls."""
        return sum(not left for left in self._left.values())

    def update(self, label: str, phase: str) -> str | None:
        """Take the phase of a play; return a line if its scenario has ended with it."""
        name = self._scenario_of.get(label)
        if name is None:
            return None
        if label in self._stories and phase in {STEP_FAILED, "error"} and name not in self._failed:
            self._failed.add(name)
        left = self._left[name]
        if phase not in _ENDED or label not in left:
            return None
        left.discard(label)
        if left:
            return None
        outcome = STEP_FAILED if name in self._failed else "interrupted" if phase == "interrupted" else "done"
        return f"{name}: {outcome} ({self.ended} of {self.total})"

    def headline(self) -> str:
        """Return how far the run is, and about how long it takes still."""
        parts = [f"{self.ended} of {self.total} {'scenario' if self.total == 1 else 'scenarios'}"]
        if self._failed:
            parts.append(f"{len(self._failed)} with a failed step")
        left = self._total_seconds - (time.monotonic() - self._begun)
        if left > 0 and self.ended < self.total:
            parts.append(f"about {-(-left // _ROUNDED_TO) * _ROUNDED_TO:.0f} s left")
        return ", ".join(parts)
