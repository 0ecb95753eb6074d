"""Marks by which a claim tells messages apart: what stands at its `by` path."""

from collections.abc import Mapping
from typing import Any, Final

from poc_cli.scenario.conditions import lookup
from poc_cli.scenario.matching import Message
from poc_cli.scenario.values import MISSING

IN_FLIGHT_SECONDS: Final = 5.0
"""How long a message that nobody waits for may take to be answered: as long as a step waits by default."""


def mark_of(message: Message, by: str) -> str | None:
    """Return the mark of a message, None where it has none."""
    mark = lookup(message.json, by)
    return None if mark is MISSING or mark is None else _written(mark)


def mark_in(data: Mapping[str, Any], by: str) -> str | None:
    """Return the mark of a message as an event keeps it; None also where it was not kept whole."""
    return None if data.get("cut") or "text" not in data else mark_of(Message(data["text"], None), by)


def _written(mark: object) -> str:
    """Return a mark as JavaScript would tell it apart from others: it has one kind of number, so that 1.0 is 1."""
    if isinstance(mark, float) and mark.is_integer():
        return repr(int(mark))
    return repr(mark)
