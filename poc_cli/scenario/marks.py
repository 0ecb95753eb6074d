"""What tells one message from another: the value at a path that a claim names."""

from typing import Final

from poc_cli.scenario.conditions import lookup
from poc_cli.scenario.values import MISSING

IN_FLIGHT_NS: Final = 5_000_000_000
"""A message that was sent so shortly before its connection ended, and that nobody waited for, may still be answered: as
long as a step waits unless it says otherwise. The engine waits so long at the end of a story."""


def mark_at(value: object, path: str | None) -> str | None:
    """Return the mark of a message, as JavaScript would tell it apart from others; None where it has none.

    It has one kind of number, so that 1.0 is 1.
    """
    mark = lookup(value, path or "")
    if mark is MISSING or mark is None:
        return None
    return repr(int(mark)) if isinstance(mark, float) and mark.is_integer() else repr(mark)
