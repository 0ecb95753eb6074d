"""JSON values that scenarios and workers exchange: equality, names of types, and how to display them."""

import json
import math
from collections.abc import Iterator
from enum import Enum
from typing import Final, Literal

from poc_cli.inert import inert

Path = tuple[str | int, ...]
"""A path into a nested value: keys and indexes from the outermost to the innermost."""


class Missing(Enum):
    """The type of MISSING, which means that there is no value; JSON's null is a value."""

    MISSING = "missing"


MISSING: Final[Literal[Missing.MISSING]] = Missing.MISSING

DEEPEST: Final = 64
"""The deepest nesting of tables and lists in a scenario file; about ten is the most in practice."""

LONGEST_SHOWN: Final = 80
"""The longest value in a message, in characters."""


def shown(value: object) -> str:
    """Return a value as JSON on one line, truncated and with control characters escaped."""
    if value is MISSING:
        return "nothing"
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        text = kind(value)
    return inert(text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…")


def kind(value: object) -> str:
    """Describe a value in the terms of the scenario language: `a table`, `the number 3`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {shown(value)}"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    return {list: "a list", dict: "a table", type(None): "null"}.get(type(value), "a date or time")


def compact(value: object) -> str:
    """Return the value as compact JSON that can be encoded as UTF-8. Raises ValueError if JSON cannot represent it."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except TypeError as error:
        raise ValueError("JSON has no dates and times; write them as text") from error
    except ValueError as error:
        raise ValueError("JSON has no nan and infinity; write them as text") from error
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate, which a worker may send as \ud800: escape it in ASCII
        return json.dumps(value, separators=(",", ":"))
    return text


def equal(one: object, other: object) -> bool:
    """Return whether two JSON values are equal: 1 equals 1.0, but true does not equal 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(equal(left, right) for left, right in zip(one, other, strict=True))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def leaves(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield each value that is neither a table nor a list, with its path, at any depth."""
    pending: list[tuple[Path, object]] = [(path, value)]
    while pending:
        way, current = pending.pop()
        if isinstance(current, dict):
            pending.extend(((*way, key), item) for key, item in reversed(current.items()))
        elif isinstance(current, list):
            pending.extend(((*way, index), item) for index, item in reversed(list(enumerate(current))))
        else:
            yield way, current


def too_deep(value: object, limit: int) -> Path | None:
    """Return the path to the first table or list nested in more than `limit` others, or None."""
    pending: list[tuple[Path, object]] = [((), value)]
    while pending:
        way, current = pending.pop()
        if isinstance(current, dict | list):
            if len(way) > limit:
                return way
            items = list(current.items() if isinstance(current, dict) else enumerate(current))
            pending.extend(((*way, key), item) for key, item in reversed(items))
    return None


def has_json_form(value: object) -> bool:
    """Return whether JSON can represent a leaf: not a date, nan or infinity."""
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int | str)
