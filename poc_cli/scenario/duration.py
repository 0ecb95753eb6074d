"""Lengths of time as people write them: `300ms`, `1.5s`, `2m`. Pure."""

import re
from typing import Annotated

from pydantic import BeforeValidator

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_PATTERN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")

LONGEST_SECONDS = 86_400.0
"""A day: longer waits in a scenario are slips of the pen."""


def seconds(text: object) -> float:
    """Give the seconds of `300ms`, `1s`, `2m` or `1h`. Raises ValueError for anything else."""
    match = _PATTERN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('a length of time is written like "300ms", "1.5s" or "2m"')
    value = float(match[1]) * _SECONDS[match[2]]
    if value > LONGEST_SECONDS:
        raise ValueError("a length of time is at most a day")
    return value


Duration = Annotated[float, BeforeValidator(seconds, json_schema_input_type=str)]
"""Seconds, written as text."""
