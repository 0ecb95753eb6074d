"""Replay a recorded play step by step, and compare each step's recorded outcome with its events.

The events of a step that is `ok` must meet its expectation; those of a step that failed because of what came or did not
come must not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.recheck.exchanges import Outcome
from poc_cli.judge.recheck.play_state import InconsistentRecordError, Ongoing, State
from poc_cli.judge.recheck.step_outcomes import VERBS
from poc_cli.record.play_record import PlayRecord
from poc_cli.scenario.sessions import SESSIONS
from poc_cli.scenario.templates import UnknownNameError

__all__ = ["InconsistentRecordError", "Rechecked", "Replay"]

_NEVER_MET: Final = frozenset(
    {"mismatch", "silence", "noise", "probe", "no_sleep", "woken", "wrong_object", "refused", "overtaken"}
)
"""Failures because the events did not meet the step. `closed` is not among them: the close may be recorded later, when
the connection has ended."""

_EXPECTED: Final[Mapping[str, tuple[str, str]]] = {
    "on": ("no recorded message meets its expectation", "the recorded messages meet its expectation"),
    "resume": ("no recorded message meets its expectation", "the recorded messages meet its expectation"),
    "http": ("no recorded answer meets its expectation", "the recorded answer meets its expectation"),
    "origin": ("no recorded request meets its expectation", "the recorded requests meet its expectation"),
    "connect": ("its clients were not let in or refused as expected", "its clients were let in or refused as expected"),
    "close": ("no recorded close is as it expects", "the recorded closes are as it expects"),
    "alarm": ("no new alarm was recorded", "a new alarm was recorded in time"),
    "idle": ("less time passed", "the time passed"),
    "hibernate": ("its object did not leave memory", "its object left memory"),
    "probe": ("its object was not as it wants", "its object was as it wants"),
}
"""By verb, why a step cannot be ok, and why it cannot have failed."""


@dataclass(frozen=True, slots=True)
class Rechecked:
    """The result of recomputing a play: its inconsistency, if any, and the steps that could not be recomputed."""

    inconsistency: str | None = None
    unchecked: frozenset[int] = frozenset()


class Replay:
    """The replay of one play."""

    def __init__(self, play: PlayRecord) -> None:
        """Initialize with the play. Raises ScenarioError if its scenario cannot be read."""
        self._play = play
        self._steps = play.play.steps
        self._state = State(play)
        self._unchecked: set[int] = set()
        self._last = -1
        self._failed: str | None = None

    def run(self) -> frozenset[int]:
        """Process all events; return the steps that could not be recomputed. Raises InconsistentRecordError."""
        for event in self._play.events:
            self._state.apply(event)
            if event.kind == kinds.STEP:
                self._begin(event)
            elif event.kind == kinds.STEP_END:
                self._end(event)
        end = self._play.end
        if end is not None and end.data["outcome"] == "done":
            self._done(end)
        return frozenset(self._unchecked)

    def _done(self, end: Event) -> None:
        if self._state.step is not None:
            place = self._state.step.place
            raise InconsistentRecordError(f"event {end.id} says that the play is done, but {place} has no end")
        if self._failed is not None:
            raise InconsistentRecordError(f"event {end.id} says that the play is done, but {self._failed} failed")

    def _begin(self, event: Event) -> None:
        index = -1 if event.step is None else event.step
        if not self._last < index < len(self._steps) or self._state.step is not None:
            raise InconsistentRecordError(f"event {event.id} begins a step out of order")
        if self._failed is not None:
            raise InconsistentRecordError(f"event {event.id} begins a step after {self._failed} failed")
        placed = self._steps[index]
        if (event.data["verb"], event.data.get("claim")) != (placed.step.verb, placed.step.claim):
            raise InconsistentRecordError(f"event {event.id} begins a step that the scenario does not have there")
        self._last = index
        self._state.begin(index, placed, event)

    def _end(self, event: Event) -> None:
        step = self._state.end()
        if step is None or step.index != event.step:
            raise InconsistentRecordError(f"event {event.id} ends a step that had not begun")
        outcome = self._outcome(step, event)
        if outcome == "unclear":
            self._unchecked.add(step.index)
        verb, ok, failure = step.placed.step.verb, event.data["ok"], event.data.get("failure")
        if ok and outcome == "unmet":
            raise InconsistentRecordError(f"{step.place} is ok, but {_EXPECTED[verb][0]}")
        if not ok and outcome == "met" and failure in _NEVER_MET:
            raise InconsistentRecordError(f"{step.place} failed ({failure}), but {_EXPECTED[verb][1]}")
        if not ok and step.placed.step.claim is None and self._play.start.data["role"] not in SESSIONS:
            self._failed = step.place

    def _outcome(self, step: Ongoing, end: Event) -> Outcome:
        verb = step.placed.step
        recompute = VERBS.get(type(verb))
        if recompute is None:
            # `kill`, `stall` and `restart` expect nothing; the checks judge their events.
            return "met" if end.data["ok"] else "unclear"
        try:
            return recompute(verb, self._state, step, end)
        except (UnknownNameError, ValueError):
            return "unclear"
