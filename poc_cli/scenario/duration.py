"""Parse and format durations such as `300ms`, `1.5s` and `2m`."""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

WRITTEN: Final = r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)"
"""The pattern of a duration, for the whole text."""

_PATTERN = re.compile(WRITTEN)

_NEARLY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]*)", re.IGNORECASE)

_UNITS: Final = {
    "ms": ("millisecond", "milliseconds", "msec", "millis"),
    "s": ("", "sec", "secs", "second", "seconds"),
    "m": ("min", "mins", "minute", "minutes"),
    "h": ("hr", "hrs", "hour", "hours"),
}
"""Each unit, and what is written for it by mistake."""

LONGEST_SECONDS = 86_400.0
"""A day: longer waits in a scenario are mistakes."""


def seconds(text: object) -> float:
    """Return the seconds of `300ms`, `1s`, `2m` or `1h`. Raises ValueError for anything else."""
    match = _PATTERN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f'a duration is written like "300ms", "1.5s" or "2m"{_suggestion(text)}')
    value = float(match[1]) * _SECONDS[match[2]]
    if value > LONGEST_SECONDS:
        raise ValueError("a duration cannot be longer than a day")
    return value


def _suggestion(value: object) -> str:
    """Return the duration that was meant, after a semicolon; the empty string if it cannot be guessed."""
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    match = _NEARLY.fullmatch(text.strip())
    if match is None:
        return ""
    word = match[2].lower()
    unit = next((each for each, words in _UNITS.items() if word == each or word in words), None)
    return "" if unit is None else f'; did you mean "{match[1]}{unit}"?'


def written(value: float) -> str:
    """Format seconds as a duration, in milliseconds below one second."""
    return f"{value * 1000:g}ms" if 0 < value < 1 else f"{value:g}s"


Duration = Annotated[float, BeforeValidator(seconds, json_schema_input_type=str)]
"""A duration in seconds, written as text in the file."""
