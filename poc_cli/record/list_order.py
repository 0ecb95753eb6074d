"""Put lists whose order means nothing into one order, before ids are numbered by their first appearance.

A list of members in a random order would otherwise number their ids at random too.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from poc_cli.record.masking import LEAST_NAMES, TIME, Masker, could_be_id, is_moment
from poc_cli.scenario.values import leaves

KeyPath = tuple[str, ...]
"""A path without its indexes: the order of a list means the same wherever the list comes."""

_ID: Final = "<id>"
_NAME: Final = re.compile(r"[A-Za-z]{2,20}(?:[ _-][A-Za-z]{2,20}){0,2}")
_NEVER: Final = (1 << 30, "")
_UNKNOWN: Final = 1 << 30
"""Sorts ids that were not seen before after those that were."""


class Skeletons:
    """Texts of values without the ids and moments in them; ids are also values that other plays do not have."""

    def __init__(self, plays: Iterable[Iterable[Any]], key: Callable[[str], str] = str) -> None:
        """Take all values of each play, and what stands for a key."""
        self._named = key
        leaf_sets = [{_hashed(leaf) for value in values for _, leaf in leaves(value)} for values in plays]
        self._common = frozenset.intersection(*map(frozenset, leaf_sets)) if leaf_sets else frozenset()
        counted = Counter(leaf for each in leaf_sets for leaf in each)
        self._repeated = frozenset(leaf for leaf, plays in counted.items() if plays > 1)
        self._knows_names = len(leaf_sets) >= LEAST_NAMES

    def of(self, value: Any) -> str:
        """Return the skeleton of a value."""
        return json.dumps(self._bare(value), sort_keys=True)

    def is_id(self, leaf: Any) -> bool:
        """Return whether a value is an id: by its form, or since it differs from play to play."""
        if isinstance(leaf, str) and _masked(leaf).startswith("<id "):
            return True
        if self._knows_names and _is_name(leaf):
            return _hashed(leaf) not in self._repeated
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

    def __init__(self, skeletons: Skeletons, unordered: frozenset[KeyPath], messages: Sequence[Any] = ()) -> None:
        """Take all messages: what comes later tells elements apart that are alike at first."""
        self._skeletons = skeletons
        self._unordered = unordered
        self._numbers: dict[Any, int] = {}
        self._uses: dict[Any, list[tuple[int, str]]] = {}
        for number, message in enumerate(messages) if unordered else ():
            for leaf, text in self._mentions(message, ""):
                self._uses.setdefault(leaf, []).append((number, text))

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

    def _rank(self, item: Any) -> tuple[object, ...]:
        ids = [leaf for _, leaf in leaves(item) if self._skeletons.is_id(leaf)]
        known = [self._numbers.get(each, _UNKNOWN) for each in ids]
        return self._skeletons.of(item), known, [[*sorted(self._uses.get(each, ())), _NEVER] for each in ids]

    def _mentions(self, value: Any, here: str) -> Iterator[tuple[Any, str]]:
        """Yield each id in a message with what stands beside it, whatever the order of lists."""
        if not isinstance(value, dict | list):
            return
        pairs = [*value.items()] if isinstance(value, dict) else [("", each) for each in value]
        for key, each in pairs:
            if isinstance(each, dict | list):
                yield from self._mentions(each, f"{here}.{key}")
            elif self._skeletons.is_id(each):
                yield each, f"{here}.{key} {self._skeletons.of(value)}"


def unordered_paths(skeletons: Skeletons, values: Iterable[Sequence[Any]]) -> frozenset[KeyPath]:
    """Return the paths of lists with the same elements in another order; `values` has each message of all plays."""
    return frozenset(path for each in values for path in _reordered(skeletons, each, ()))


def unordered_by_ids(skeletons: Skeletons, plays: Sequence[Sequence[Any]]) -> frozenset[KeyPath]:
    """Return the paths of lists in which ids that were seen before come in another order from play to play.

    `plays` has the messages of one client in each play. Where all fields of the elements are random, only that tells.
    """
    found = [dict(_known_orders(skeletons, messages)) for messages in plays]
    return frozenset(
        path
        for (place, path), order in found[0].items()
        if all((place, path) in each and sorted(each[place, path]) == sorted(order) for each in found)
        and any(each[place, path] != order for each in found)
    )


def _known_orders(
    skeletons: Skeletons, messages: Sequence[Any]
) -> Iterator[tuple[tuple[tuple[int, int], KeyPath], list[int]]]:
    """Yield for each list the numbers of the first known id of its elements, -1 where none is known."""
    numbers: dict[Any, int] = {}
    for at, message in enumerate(messages):
        for which, (path, items) in enumerate(_lists(message, ())):
            ids = [[leaf for _, leaf in leaves(item) if skeletons.is_id(leaf)] for item in items]
            yield (
                ((at, which), path),
                [min((numbers[leaf] for leaf in each if leaf in numbers), default=-1) for each in ids],
            )
        for _, leaf in leaves(message):
            if skeletons.is_id(leaf):
                numbers.setdefault(leaf, len(numbers))


def _lists(value: Any, here: KeyPath) -> Iterator[tuple[KeyPath, list[Any]]]:
    if isinstance(value, list):
        yield here, value
        for each in value:
            yield from _lists(each, here)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _lists(each, (*here, str(key)))


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


def _is_name(leaf: Any) -> bool:
    """Return whether a text may be a name that a program made of words."""
    return isinstance(leaf, str) and bool(_NAME.fullmatch(leaf))


@lru_cache(maxsize=65_536)
def _masked(text: str) -> str:
    """Return a text with moments and ids replaced, whatever was seen before it."""
    return str(Masker().masked(text))


def _hashed(leaf: Any) -> Any:
    """Return a value that equal values of the same type share; true is not 1."""
    return (type(leaf).__name__, leaf)
