"""Goes through a play once, step by step, and compares each step's recorded end with what the events come to.

The rule, in both directions: a step that is `ok` must be met, and one that failed for what came or did not come must
not be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.recheck.exchanges import Outcome
from poc_cli.judge.recheck.play_state import MisfitError, Ongoing, State
from poc_cli.judge.recheck.step_outcomes import VERBS
from poc_cli.record.play_record import PlayRecord
from poc_cli.scenario.templates import UnknownNameError

__all__ = ["MisfitError", "Rechecked", "Replay"]

_NEVER_MET: Final = frozenset(
    {"mismatch", "silence", "noise", "probe", "no_sleep", "woken", "wrong_object", "refused", "overtaken"}
)
"""Failures of steps that the events did not meet. `closed` may tell of what is recorded later: a close frame whose
connection took its time to end."""

_EXPECTED: Final[Mapping[str, tuple[str, str]]] = {
    "on": ("no recorded message meets its expectation", "the recorded messages meet its expectation"),
    "resume": ("no recorded message meets its expectation", "the recorded messages meet its expectation"),
    "http": ("no recorded answer meets its expectation", "the recorded answer meets its expectation"),
    "origin": ("no recorded request meets its expectation", "the recorded requests meet its expectation"),
    "connect": ("its clients were not let in or turned away so", "its clients were let in or turned away so"),
    "close": ("no recorded close is as it expects", "the recorded closes are as it expects"),
    "alarm": ("no alarm was recorded that it could have seen", "an alarm was recorded in its time"),
    "idle": ("less time passed", "the time passed"),
    "hibernate": ("its object was not recorded to leave memory", "its object was recorded to leave memory"),
    "probe": ("its object was not as it wants", "its object was as it wants"),
}
"""Why a step cannot be ok, and why it cannot have failed."""


@dataclass(frozen=True, slots=True)
class Rechecked:
    """What came of recomputing a play: what does not fit together, and the steps that had to be believed."""

    misfit: str | None = None
    believed: frozenset[int] = frozenset()


class Replay:
    """One play, recomputed."""

    def __init__(self, play: PlayRecord) -> None:
        """Take the play. Raises ScenarioError where its scenario cannot be read."""
        self._play = play
        self._steps = play.play.steps
        self._state = State(play)
        self._believed: set[int] = set()
        self._last = -1
        self._failed: str | None = None

    def run(self) -> frozenset[int]:
        """Go through all events; return the steps that had to be believed. Raises MisfitError."""
        for event in self._play.events:
            self._state.hear(event)
            if event.kind == kinds.STEP:
                self._begin(event)
            elif event.kind == kinds.STEP_END:
                self._end(event)
        end = self._play.end
        if end is not None and end.data["outcome"] == "done":
            self._done(end)
        return frozenset(self._believed)

    def _done(self, end: Event) -> None:
        if self._state.step is not None:
            raise MisfitError(f"event {end.id} says that the play is done, and {self._state.step.place} has no end")
        if self._failed is not None:
            raise MisfitError(f"event {end.id} says that the play is done, and {self._failed} failed")

    def _begin(self, event: Event) -> None:
        index = -1 if event.step is None else event.step
        if not self._last < index < len(self._steps) or self._state.step is not None:
            raise MisfitError(f"event {event.id} begins a step that is not next")
        if self._failed is not None:
            raise MisfitError(f"event {event.id} begins a step after {self._failed} failed")
        placed = self._steps[index]
        if (event.data["verb"], event.data.get("claim")) != (placed.step.verb, placed.step.claim):
            raise MisfitError(f"event {event.id} begins another step than the scenario has there")
        self._last = index
        self._state.begin(index, placed, event)

    def _end(self, event: Event) -> None:
        step = self._state.end()
        if step is None or step.index != event.step:
            raise MisfitError(f"event {event.id} ends a step that had not begun")
        outcome = self._outcome(step, event)
        if outcome == "unclear":
            self._believed.add(step.index)
        verb, ok, failure = step.placed.step.verb, event.data["ok"], event.data.get("failure")
        if ok and outcome == "unmet":
            raise MisfitError(f"{step.place} is ok, but {_EXPECTED[verb][0]}")
        if not ok and outcome == "met" and failure in _NEVER_MET:
            raise MisfitError(f"{step.place} failed ({failure}), but {_EXPECTED[verb][1]}")
        if not ok and step.placed.step.claim is None:
            self._failed = step.place

    def _outcome(self, step: Ongoing, end: Event) -> Outcome:
        verb = step.placed.step
        recompute = VERBS.get(type(verb))
        if recompute is None:
            # `kill`, `stall` and `restart` expect nothing: the events that they leave behind speak for themselves.
            return "met" if end.data["ok"] else "unclear"
        try:
            return recompute(verb, self._state, step, end)
        except (UnknownNameError, ValueError):
            return "unclear"
