"""Which plays were given up and played again, and why: what a reader of the verdicts should know beside them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.document_types import Repeats
from poc_cli.record.attempts import attempt_of, is_followed
from poc_cli.record.lateness import TOO_SLOW


@dataclass(frozen=True, slots=True)
class _Replay:
    """An attempt that was given up and followed by another."""

    start: Event
    reason: str

    @property
    def performance(self) -> str:
        """Return the label of the performance, which its first attempt has."""
        attempt = attempt_of(self.start)
        return self.start.play if attempt == 1 else self.start.play.removesuffix(f"@{attempt}")


class Replays:
    """All that was played again in a run."""

    def __init__(self, events: list[Event | None]) -> None:
        """Take the history."""
        told = [event for event in events if event is not None]
        self._starts = [event for event in told if event.kind == kinds.PLAY_START]
        # The first end counts.
        self._ends = {event.play: event for event in reversed(told) if event.kind == kinds.PLAY_END}

    @cached_property
    def _all(self) -> list[_Replay]:
        given_up = (start for start in self._starts if is_followed(start, self._ends.get(start.play), self._starts))
        return [_Replay(start, str(self._ends[start.play].data.get("reason"))) for start in given_up]

    def added_to(self, scenarios: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the scenarios of run.json with `replayed` in each: `{play, reason}` of all that was played again."""
        return [scenario | {"replayed": self._of(scenario["name"])} for scenario in scenarios]

    def counted(self) -> Repeats:
        """Return how many performances there were, how many were repeated, and how many of these for lateness.

        `first` is the first of the last, with its reason.
        """
        late = [each for each in self._all if each.reason.startswith(TOO_SLOW)]
        return {
            "performances": sum(attempt_of(start) == 1 for start in self._starts),
            "repeated": len({each.performance for each in self._all}),
            "late": len({each.performance for each in late}),
            "first": {"play": late[0].start.play, "reason": late[0].reason.removeprefix(TOO_SLOW)} if late else None,
        }

    def _of(self, name: str) -> list[dict[str, Any]]:
        mine = (each for each in self._all if each.start.data.get("scenario") == name)
        return [{"play": each.start.play, "reason": each.reason} for each in mine]
