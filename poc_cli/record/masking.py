"""Replace what differs from play to play by itself: ids by the order of their first appearance, and times of day."""

import re
from collections.abc import Callable
from typing import Any, Final

from poc_cli.scenario.values import Path

TIME: Final = "<time>"
"""What replaces a moment, in a number or in a text."""

ANYTHING: Final = "<any>"
"""What replaces a value that differed among plays without a sleep."""

_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"  # ISO 8601
    r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? [A-Za-z0-9 ]{3,12}\d{4} \d\d:\d\d:\d\d(?: ?GMT(?:[+-]\d{4})?)?"  # Date's text
    r"|\b\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[AP]M)?\b"  # a time of day
    r"|\b1[5-9]\d{8}(?:\d{3})?(?:\.\d+)?\b"  # Unix time in seconds or milliseconds
)
"""Moments as programs write them into texts."""

_RANDOM: Final = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"  # UUID
    r"|\b[0-9a-fA-F]{16,}\b"  # a hash, or the id of an object
    r"|\b(?=[A-Za-z0-9_-]*\d)(?=[A-Za-z0-9_-]*[a-z])(?=[A-Za-z0-9_-]*[A-Z])[A-Za-z0-9_-]{16,}\b"  # nanoid, base64url
)
"""Texts that are random by their form. Shorter ones are recognized by differing among plays without a sleep."""

_SECONDS: Final = (1_500_000_000, 2_500_000_000)
"""Unix time from 2017 to 2049."""

_LEAST_ID: Final = 100_000
"""The least number that counts as a random id where it differs; smaller ones are counters and durations."""

_SHORT_ID: Final = re.compile(r"(?=.*[0-9A-Z_-])[A-Za-z0-9_-]{5,64}|(?=.*\d)[A-Za-z0-9_ #-]{5,64}")
"""The form of a random id or generated name that is recognized by differing."""

_LEAST_INSIDE: Final = 6
"""The shortest id that is looked for inside other texts."""

IsId = Callable[[Path], bool]


class Masker:
    """Masks what one client saw, message by message.

    Ids are numbered by their first appearance, so that "the same id as before" stays comparable between plays.
    """

    def __init__(self) -> None:
        self._numbers: dict[str | int | float, str] = {}
        self._inside: list[str] = []

    def masked(self, value: Any, is_id: IsId = lambda _: False, path: Path = ()) -> Any:
        """Return a value with its ids and moments replaced; `is_id` says where else an id is."""
        if isinstance(value, dict):
            return {self._text(str(key)): self.masked(each, is_id, (*path, key)) for key, each in value.items()}
        if isinstance(value, list):
            return [self.masked(each, is_id, (*path, index)) for index, each in enumerate(value)]
        if is_id(path) and could_be_id(value):
            return self._number(value)
        if isinstance(value, str):
            return self._text(value)
        return TIME if is_moment(value) else value

    def _text(self, text: str) -> str:
        if text in self._numbers:
            return self._numbers[text]
        for known in self._inside:
            if known in text:
                text = text.replace(known, self._numbers[known])
        return _RANDOM.sub(lambda found: self._number(found[0]), _MOMENT.sub(TIME, text))

    def _number(self, value: str | float) -> str:
        if value not in self._numbers:
            self._numbers[value] = f"<id {len(self._numbers) + 1}>"
            if isinstance(value, str) and len(value) >= _LEAST_INSIDE:
                self._inside.append(value)
        return self._numbers[value]


def could_be_id(value: object) -> bool:
    """Return whether a value that differs from play to play may be a random id or a generated name."""
    if isinstance(value, str):
        return _SHORT_ID.fullmatch(value) is not None or _RANDOM.fullmatch(value) is not None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # Two moments are the same or not by chance: a message more or less in the same millisecond.
    return value >= _LEAST_ID and not is_moment(value)


def is_moment(value: object) -> bool:
    """Return whether a number is a moment: Unix time in seconds, milliseconds, microseconds or nanoseconds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    least, most = _SECONDS
    return any(least * unit <= value < most * unit for unit in (1, 10**3, 10**6, 10**9))
