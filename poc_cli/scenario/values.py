"""JSON values as scenarios and workers exchange them: equality, kinds, and how one is shown to a person."""

import json
import math
from collections.abc import Iterator
from enum import Enum
from typing import Final, Literal

from poc_cli.inert import inert

Path = tuple[str | int, ...]
"""A way into a value: keys and indexes from the outside in."""


class Missing(Enum):
    """The type of MISSING; JSON's null is a value, MISSING is none."""

    MISSING = "missing"


MISSING: Final[Literal[Missing.MISSING]] = Missing.MISSING

DEEPEST: Final = 64
"""Levels of tables and lists in a scenario file; the deepest that people write is near ten."""

LONGEST_SHOWN: Final = 80
"""Characters of a value in a sentence; more would hide the sentence."""


def shown(value: object) -> str:
    """Return a value as JSON on one line, cut when long, with everything escaped that could move a cursor."""
    if value is MISSING:
        return "nothing"
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        text = kind(value)
    return inert(text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…")


def kind(value: object) -> str:
    """Return what a value is, in the words of the language: `a table`, `the number 3`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {shown(value)}"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    return {list: "a list", dict: "a table", type(None): "null"}.get(type(value), "a date or time")


def compact(value: object) -> str:
    """Return the value as compact JSON that UTF-8 can always encode. Raises ValueError where JSON has no form."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except TypeError as error:
        raise ValueError("dates and times have no form in JSON; write them as text") from error
    except ValueError as error:
        raise ValueError("nan and infinity have no form in JSON; write them as text") from error
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which a worker may send as \ud800: JSON can say it in ASCII
        return json.dumps(value, separators=(",", ":"))
    return text


def equal(one: object, other: object) -> bool:
    """Return whether two JSON values are the same: 1 is 1.0, but true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(equal(left, right) for left, right in zip(one, other, strict=True))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def leaves(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield each value that is neither table nor list, with the way to it, at any depth."""
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
    """Return the way to the first table or list nested in more than `limit` others, None where there is none."""
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
    """Return whether a leaf is one of JSON's: dates, nan and infinity are not."""
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int | str)
