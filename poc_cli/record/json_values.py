"""Compare JSON values place by place: where they differ, and what of them counts."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from poc_cli.record.masking import ANYTHING
from poc_cli.scenario.values import MISSING, Path

Place = tuple[object, ...]
"""Which of a client's sights: its number, or its shape and its number among those of that shape."""


_LONGEST: Final = 256
"""Bytes of a binary message that are compared one by one."""


def in_bytes(value: Any) -> Any:
    """Return a binary message as its bytes, each with its number, so that those that never differ are compared.

    Not as a list, whose order may mean nothing. Anything else is returned as it is.
    """
    if not isinstance(value, dict) or value.keys() != {"hex", "bytes"} or len(value["hex"]) > 2 * _LONGEST:
        return value
    data = bytes.fromhex(value["hex"])
    return {"hex": {f"byte {number}": f"{each:02x}" for number, each in enumerate(data)}, "bytes": value["bytes"]}


def blanked(value: Any, place: Place, volatile: frozenset[tuple[Place, Path]], here: Path = ()) -> Any:
    """Return a value with what does not count in it replaced."""
    if (place, here) in volatile:
        return ANYTHING
    if isinstance(value, dict):
        return {key: blanked(each, place, volatile, (*here, key)) for key, each in value.items()}
    if isinstance(value, list):
        return [blanked(each, place, volatile, (*here, index)) for index, each in enumerate(value)]
    return value


def differing_paths(values: Sequence[Any], here: Path = ()) -> Iterator[Path]:
    """Yield the paths of the innermost values that are not all equal."""
    if len({text_of(each) for each in values}) <= 1:
        return
    if all(isinstance(each, dict) for each in values):
        keys = dict.fromkeys(key for each in values for key in each)
        for key in keys:
            if all(key in each for each in values):
                yield from differing_paths([each[key] for each in values], (*here, key))
            else:
                yield (*here, key)
    elif all(isinstance(each, list) and len(each) == len(values[0]) for each in values):
        for index in range(len(values[0])):
            yield from differing_paths([each[index] for each in values], (*here, index))
    else:
        yield here


def text_of(value: Any) -> str:
    """Return a value as text that is equal for equal values only; Python takes 1, 1.0 and true for equal."""
    return json.dumps(value, sort_keys=True)


def differently_ordered(values: Sequence[Any], here: Path = ()) -> Iterator[Path]:
    """Yield the paths of lists that have the same elements in another order."""
    if all(isinstance(each, dict) for each in values):
        for key in values[0]:
            if all(key in each for each in values):
                yield from differently_ordered([each[key] for each in values], (*here, key))
        return
    if not all(isinstance(each, list) for each in values) or len({text_of(each) for each in values}) == 1:
        return
    if len({tuple(sorted(map(text_of, each))) for each in values}) == 1:
        yield here


def without_ignored(value: Any, ignored: frozenset[str], here: str = "") -> Any:
    """Return a JSON value without what stands under a key or a path in `ignored`."""
    if isinstance(value, dict):
        named = {key: f"{here}.{key}" if here else str(key) for key in value}
        return {
            key: without_ignored(each, ignored, named[key])
            for key, each in value.items()
            if key not in ignored and named[key] not in ignored
        }
    if isinstance(value, list):
        return [without_ignored(each, ignored, here) for each in value]
    return value


def all_leaves(value: Any) -> Iterator[Any]:
    """Yield each value in it that is neither a table nor a list, and those that are empty."""
    if isinstance(value, dict | list) and value:
        for each in value.values() if isinstance(value, dict) else value:
            yield from all_leaves(each)
    else:
        yield value


def value_at(value: Any, path: Path) -> Any:
    """Return the value at a path, MISSING where it leads nowhere."""
    for key in path:
        in_table = isinstance(value, dict) and key in value
        in_list = isinstance(value, list) and isinstance(key, int) and key < len(value)
        if not in_table and not in_list:
            return MISSING
        value = value[key]
    return value
