"""Whether a session repeats itself: plays without a sleep may differ in values and order, and by a timer's messages."""

from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from poc_cli.record.client_view import Sight, View
from poc_cli.record.transparency import DISCRIMINATORS, Difference

_SEVERAL: Final = 2
_LEAST_SHARE: Final = 0.5
"""A timer sends one kind of message; where several kinds come now more, now less often, and they are so many of all
messages, something else than a timer decides what comes."""


def unrepeated(plays: Sequence[View]) -> Difference | None:
    """Return what a client saw in one play and not in another, where that is so all the time; else None."""
    for name in sorted({client for play in plays for client in play}):
        found = _of_client(name, [play.get(name, ()) for play in plays])
        if found is not None:
            return found
    return None


def _of_client(name: str, plays: Sequence[Sequence[Sight]]) -> Difference | None:
    counted = [Counter(map(_kind, sights)) for sights in plays]
    kinds = {kind for each in counted for kind in each}
    varying = {kind for kind in kinds if len({each[kind] for each in counted}) > 1}
    total = sum(each.total() for each in counted)
    if len(varying) < _SEVERAL or sum(each[kind] for each in counted for kind in varying) < _LEAST_SHARE * total:
        return None
    pairs = (pair for other in plays[1:] for pair in zip_longest(plays[0], other))
    expected, seen = next((one, another) for one, another in pairs if _kind(one) != _kind(another))
    return Difference(name, "value", expected, seen)


def _kind(sight: Sight | None) -> object:
    """Return what kind of message it is: what it calls itself, without its keys, some of which may come or not."""
    if sight is None:
        return None
    value = sight.value
    named = [value.get(key) for key in DISCRIMINATORS] if isinstance(value, dict) else []
    return sight.kind, type(value).__name__, *(each for each in named if isinstance(each, str))
