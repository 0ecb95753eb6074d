"""Sets of socket indexes as ranges, so that ten thousand sockets in a row are one pair of numbers."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

Ranges = list[list[int]]
"""Pairs of a first and a last index, in ascending order, with gaps between them."""

LISTED: Final = 5
"""The number of ranges that a sentence lists; the history has all."""


def ranges(indexes: Iterable[int]) -> Ranges:
    """Return the indexes as ranges."""
    found: Ranges = []
    for index in sorted(set(indexes)):
        if found and index == found[-1][1] + 1:
            found[-1][1] = index
        else:
            found.append([index, index])
    return found


def indexes(pairs: Sequence[Sequence[int]]) -> set[int]:
    """Return the indexes of ranges."""
    return {index for first, last in pairs for index in range(first, last + 1)}


def is_ranges(value: object) -> bool:
    """Return whether a value from a record is ranges."""
    pairs = value if isinstance(value, list) else [None]
    if not all(isinstance(pair, list) and [*map(type, pair)] == [int, int] and pair[0] <= pair[1] for pair in pairs):
        return False
    return all(before[1] < after[0] for before, after in pairwise(pairs))


def count(pairs: Sequence[Sequence[int]]) -> int:
    """Return how many indexes ranges hold."""
    return sum(last - first + 1 for first, last in pairs)


def words(pairs: Sequence[Sequence[int]]) -> str:
    """Return ranges for a sentence: `socket 7`, `sockets 1 to 9 and 12`."""
    parts = [str(first) if first == last else f"{first} to {last}" for first, last in pairs[:LISTED]]
    if len(pairs) > LISTED:
        parts.append(f"{count(pairs[LISTED:]):,} more")
    noun = "socket" if count(pairs) == 1 else "sockets"
    return f"{noun} {', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else f"{noun} {''.join(parts)}"
