"""Find the plays that were given up and repeated, and why."""

from dataclasses import dataclass
from functools import cached_property

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.document_types import Repeats, Replayed
from poc_cli.record.attempts import attempt_of, is_followed
from poc_cli.record.lateness import TOO_SLOW


@dataclass(frozen=True, slots=True)
class _Retry:
    """An attempt that was given up and followed by another."""

    start: Event
    reason: str

    @property
    def first_attempt(self) -> str:
        """The label of the first attempt, which all attempts at a play share."""
        attempt = attempt_of(self.start)
        return self.start.play if attempt == 1 else self.start.play.removesuffix(f"@{attempt}")


class Retries:
    """All plays that were repeated in a run."""

    def __init__(self, events: list[Event | None]) -> None:
        known = [event for event in events if event is not None]
        self._starts = [event for event in known if event.kind == kinds.PLAY_START]
        # Reversed, so that the first end of a play counts.
        self._ends = {event.play: event for event in reversed(known) if event.kind == kinds.PLAY_END}

    @cached_property
    def _all(self) -> list[_Retry]:
        given_up = (start for start in self._starts if is_followed(start, self._ends.get(start.play), self._starts))
        return [_Retry(start, str(self._ends[start.play].data.get("reason"))) for start in given_up]

    def counted(self) -> Repeats:
        """Return the numbers of plays, of repeated plays, and of those that were repeated because of lateness.

        `first` is the first one repeated because of lateness.
        """
        late = [each for each in self._all if each.reason.startswith(TOO_SLOW)]
        return {
            "performances": sum(attempt_of(start) == 1 for start in self._starts),
            "repeated": len({each.first_attempt for each in self._all}),
            "late": len({each.first_attempt for each in late}),
            "first": {"play": late[0].start.play, "reason": late[0].reason.removeprefix(TOO_SLOW)} if late else None,
        }

    def of(self, name: str) -> list[Replayed]:
        """Return the repeated plays of a scenario with their reasons."""
        mine = (each for each in self._all if each.start.data.get("scenario") == name)
        return [{"play": each.start.play, "reason": each.reason} for each in mine]
