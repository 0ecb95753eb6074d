"""Which plays were given up and played again, and why: what a reader of the verdicts should know beside them.

Never changes a verdict.
"""

from typing import Any

from poc_cli.history import event as kinds
from poc_cli.history.event import Event


def with_replays(scenarios: list[dict[str, Any]], events: list[Event | None]) -> list[dict[str, Any]]:
    """Give the scenarios of run.json with `replayed` in each: `{play, reason}` of all that was played again."""
    told = [event for event in events if event is not None]
    starts = [event for event in told if event.kind == kinds.PLAY_START]
    ends = {event.play: event for event in reversed(told) if event.kind == kinds.PLAY_END}  # the first end counts
    replayed = [(start, ends[start.play]) for start in starts if start.play in ends and _again(start, ends, starts)]
    return [
        scenario
        | {
            "replayed": [
                {"play": start.play, "reason": str(end.data.get("reason"))}
                for start, end in replayed
                if start.data.get("scenario") == scenario["name"]
            ]
        }
        for scenario in scenarios
    ]


def _again(start: Event, ends: dict[str, Event], starts: list[Event]) -> bool:
    """Whether a play was given up and the record has a later attempt at it; it may be damaged."""
    if ends[start.play].data.get("outcome") != "given_up":
        return False
    return any(_subject(other) == _subject(start) and _attempt(other) > _attempt(start) for other in starts)


def _subject(start: Event) -> list[object]:
    return [start.data.get(name) for name in ("scenario", "role", "decides")]


def _attempt(start: Event) -> int:
    attempt = start.data.get("attempt")
    return attempt if isinstance(attempt, int) else 1
