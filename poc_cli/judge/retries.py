"""Which plays were given up and played again, and why: what a reader of the verdicts should know beside them."""

from typing import Any

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.attempts import is_followed


def with_replays(scenarios: list[dict[str, Any]], events: list[Event | None]) -> list[dict[str, Any]]:
    """Return the scenarios of run.json with `replayed` in each: `{play, reason}` of all that was played again."""
    told = [event for event in events if event is not None]
    starts = [event for event in told if event.kind == kinds.PLAY_START]
    ends = {event.play: event for event in reversed(told) if event.kind == kinds.PLAY_END}  # the first end counts
    given_up = [start for start in starts if is_followed(start, ends.get(start.play), starts)]
    replayed = [(start, ends[start.play]) for start in given_up]
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
