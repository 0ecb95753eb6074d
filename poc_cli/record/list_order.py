"""Put lists whose order means nothing into one order, before ids are numbered by their first appearance.

A list of members in a random order would otherwise number their ids at random too.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from poc_cli.record.masking import TIME, Masker, could_be_id, is_moment
from poc_cli.scenario.values import leaves

KeyPath = tuple[str, ...]
"""A path without its indexes: the order of a list means the same wherever the list comes."""

_ID: Final = "<id>"
_UNKNOWN: Final = 1 << 30
"""Sorts ids that were not seen before after those that were."""


class Skeletons:
    """Texts of values without the ids and moments in them; ids are also values that other plays do not have."""

    def __init__(self, plays: Iterable[Iterable[Any]], key: Callable[[str], str] = str) -> None:
        """Take all values of each play, and what stands for a key."""
        self._named = key
        leaf_sets = [{_hashed(leaf) for value in values for _, leaf in leaves(value)} for values in plays]
        self._common = frozenset.intersection(*map(frozenset, leaf_sets)) if leaf_sets else frozenset()

    def of(self, value: Any) -> str:
        """Return the skeleton of a value."""
        return json.dumps(self._bare(value), sort_keys=True)

    def is_id(self, leaf: Any) -> bool:
        """Return whether a value is an id: by its form, or since it differs from play to play."""
        if isinstance(leaf, str) and _masked(leaf).startswith("<id "):
            return True
        return could_be_id(leaf) and _hashed(leaf) not in self._common

    def _bare(self, value: Any) -> Any:
        if isinstance(value, dict):
            pairs = [(_masked(self._named(str(key))), self._bare(each)) for key, each in value.items()]
            table = dict(pairs)
            return table if len(table) == len(pairs) else sorted(json.dumps(each, sort_keys=True) for each in pairs)
        if isinstance(value, list):
            return [self._bare(each) for each in value]
        if isinstance(value, str):
            return _ID if self.is_id(value) else _masked(value)
        return _ID if self.is_id(value) else TIME if is_moment(value) else value


class Arranger:
    """Arranges what one client saw in one play, message by message."""

    def __init__(self, skeletons: Skeletons, unordered: frozenset[KeyPath]) -> None:
        self._skeletons = skeletons
        self._unordered = unordered
        self._numbers: dict[Any, int] = {}

    def arranged(self, value: Any) -> Any:
        """Return a value with its unordered lists sorted: by their skeletons, then by the ids that were seen before."""
        if not self._unordered:
            return value
        found = self._sorted(value, ())
        for _, leaf in leaves(found):
            if self._skeletons.is_id(leaf):
                self._numbers.setdefault(leaf, len(self._numbers))
        return found

    def _sorted(self, value: Any, here: KeyPath) -> Any:
        if isinstance(value, dict):
            return {key: self._sorted(each, (*here, str(key))) for key, each in value.items()}
        if not isinstance(value, list):
            return value
        items = [self._sorted(each, here) for each in value]
        return sorted(items, key=self._rank) if here in self._unordered else items

    def _rank(self, item: Any) -> tuple[str, list[int]]:
        ids = [leaf for _, leaf in leaves(item) if self._skeletons.is_id(leaf)]
        return self._skeletons.of(item), [self._numbers.get(each, _UNKNOWN) for each in ids]


def unordered_paths(skeletons: Skeletons, values: Iterable[Sequence[Any]]) -> frozenset[KeyPath]:
    """Return the paths of lists with the same elements in another order; `values` has each message of all plays."""
    return frozenset(path for each in values for path in _reordered(skeletons, each, ()))


def _reordered(skeletons: Skeletons, values: Sequence[Any], here: KeyPath) -> Iterator[KeyPath]:
    if all(each == values[0] for each in values[1:]):
        return
    if all(isinstance(each, dict) for each in values):
        for key in values[0]:
            if all(key in each for each in values):
                yield from _reordered(skeletons, [each[key] for each in values], (*here, str(key)))
    elif all(isinstance(each, list) for each in values):
        found = [[skeletons.of(item) for item in each] for each in values]
        if any(each != found[0] for each in found) and len({(*sorted(each),) for each in found}) == 1:
            yield here
        elif len({len(each) for each in values}) == 1:
            for items in zip(*values, strict=True):
                yield from _reordered(skeletons, items, here)


@lru_cache(maxsize=65_536)
def _masked(text: str) -> str:
    """Return a text with moments and ids replaced, whatever was seen before it."""
    return str(Masker().masked(text))


def _hashed(leaf: Any) -> Any:
    """Return a value that equal values of the same type share; true is not 1."""
    return (type(leaf).__name__, leaf)
