"""Which plays are the same performance tried again: by what they play and decide, and by the number of the attempt.

Never judges a play, and takes a start as it stands: it may be damaged.
"""

from collections.abc import Iterable

from poc_cli.history.event import Event


def round_of(start: Event) -> int:
    """Give the performance of its story that a play is, counted from 1; older records have one of each."""
    return _number(start, "round")


def is_followed(start: Event, end: Event | None, starts: Iterable[Event]) -> bool:
    """Whether a play was spoiled from outside and played again; without the next attempt in the record it counts."""
    if end is None or end.data.get("outcome") != "given_up":
        return False
    return any(_subject(other) == _subject(start) and _attempt(other) > _attempt(start) for other in starts)


def _subject(start: Event) -> list[object]:
    return [*(start.data.get(name) for name in ("scenario", "role", "decides")), round_of(start)]


def _attempt(start: Event) -> int:
    return _number(start, "attempt")


def _number(start: Event, name: str) -> int:
    number = start.data.get(name)
    return number if isinstance(number, int) else 1
