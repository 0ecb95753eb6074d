"""Replace what differs from play to play by itself: ids by the order of their first appearance, and times of day."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
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

_TOKEN: Final = re.compile(r"(?=.{20})[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){1,2}")
"""The form of a signed token, such as a JWT: parts in base64url."""

_WORDS_OF_A_NAME: Final = 2

LEAST_NAMES: Final = 3
"""In how many plays names have to differ to be told from words."""

_SHARE_OF_NAMES: Final = 0.8

_LEAST_INSIDE: Final = 6
"""The shortest id that is looked for inside other texts."""


@dataclass(frozen=True, slots=True)
class Varying:
    """What differs at a place by itself: an id of some length, or words at some positions of a text."""

    lengths: frozenset[int] = frozenset()
    words: frozenset[int] = frozenset()
    count: int = 0
    """How many words the text has."""

    repeats: bool = False
    """Whether it is a name that comes again at another place."""

    numbers: bool = False
    """Whether it is a random number; now and then one is small."""

    def is_id(self, value: Any) -> bool:
        """Return whether a value at the place is an id; of random letters some happen to look like a word."""
        if self.repeats:
            return isinstance(value, str)
        if self.numbers and isinstance(value, int | float) and not isinstance(value, bool):
            return not is_moment(value)
        return bool(self.lengths) and (
            could_be_id(value) or (isinstance(value, str) and _is_plain(value) and len(value) in self.lengths)
        )


def varying(values: Sequence[Any]) -> Varying | None:
    """Return how the values of one place differ, None where nothing can be said of it."""
    in_words = _varying_words([value.split(" ") for value in values if isinstance(value, str)])
    if in_words is not None and len(in_words.words) < in_words.count and all(isinstance(each, str) for each in values):
        return in_words
    if are_ids(values):
        numbers = any(not isinstance(value, str) for value in values)
        return Varying(lengths=frozenset(len(str(value)) for value in values), numbers=numbers)
    return None


def are_ids(values: Sequence[Any]) -> bool:
    """Return whether values of one place that differ are random ids; some of them may have letters alone."""
    ids = [value for value in values if could_be_id(value)]
    lengths = {len(each) for each in ids if isinstance(each, str)}
    others = [value for value in values if not could_be_id(value)]
    alike = all(isinstance(each, str) and _is_plain(each) and len(each) in lengths for each in others)
    return alike and len(ids) > len(others)


def _is_plain(text: str) -> bool:
    """Return whether a text has what ids have; one of letters alone has no digit by chance, such as #abcdef."""
    return all(each.isalnum() or each in "#_-" for each in text)


def could_be_name(values: Sequence[Any]) -> bool:
    """Return whether values of one place may be names made of words, or ids of which some have letters alone.

    They are hardly ever the same in two plays: of few words, such as heads and tails, the same one comes twice in a
    play by chance. A text with digits that is no id may be a duration.
    """
    texts = {each for each in values if isinstance(each, str) and each and (could_be_id(each) or not _has_digit(each))}
    return len(texts) >= max(LEAST_NAMES, _SHARE_OF_NAMES * len(values))


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _varying_words(texts: Sequence[Sequence[str]]) -> Varying | None:
    """Return which words differ in texts of as many words; None for two words like `Guest 12`, which are one name."""
    count = len(texts[0]) if texts else 0
    if any(len(text) != count for text in texts):
        return None
    differing = frozenset(at for at in range(count) if len({text[at] for text in texts}) > 1)
    has_ids = all(could_be_id(text[at]) for text in texts for at in differing)
    return Varying(words=differing, count=count) if has_ids or count > _WORDS_OF_A_NAME else None


VaryingAt = Callable[[Path], Varying | None]


class Masker:
    """Masks what one client saw, message by message.

    Ids are numbered by their first appearance, so that "the same id as before" stays comparable between plays.
    """

    def __init__(self) -> None:
        self._numbers: dict[str | int | float, str] = {}
        self._inside: list[str] = []

    def masked(self, value: Any, varying_at: VaryingAt = lambda _: None, path: Path = ()) -> Any:
        """Return a value with its ids and moments replaced; `varying_at` says what else differs by itself."""
        if isinstance(value, dict):
            # Ids are numbered in the order of the keys' names: the order of the keys themselves means nothing.
            found = {key: self._pair(key, value[key], varying_at, path) for key in sorted(value)}
            return dict(found[key] for key in value)
        if isinstance(value, list):
            return [self.masked(each, varying_at, (*path, index)) for index, each in enumerate(value)]
        known = varying_at(path)
        if known is not None and known.is_id(value):
            return self._number(value)
        if isinstance(value, str):
            return self._text(value if known is None else self._words(value, known))
        return TIME if is_moment(value) else value

    def _pair(self, key: str, value: Any, varying_at: VaryingAt, path: Path) -> tuple[str, Any]:
        return self._text(key), self.masked(value, varying_at, (*path, key))

    def _words(self, text: str, known: Varying) -> str:
        words = text.split(" ")
        if len(words) != known.count:
            return text
        return " ".join(self._word(word) if at in known.words else word for at, word in enumerate(words))

    def _word(self, word: str) -> str:
        return self._number(word) if could_be_id(word) else ANYTHING

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
        return any(form.fullmatch(value) for form in (_SHORT_ID, _RANDOM, _TOKEN))
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
