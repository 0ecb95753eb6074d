"""Marks: the values at a claim's `by` path, which identify messages."""

from collections.abc import Mapping
from typing import Any, Final

from poc_cli.scenario.conditions import lookup
from poc_cli.scenario.matching import Decoder, Message
from poc_cli.scenario.values import MISSING

IN_FLIGHT_SECONDS: Final = 5.0
"""How long to wait for the reply to a message that no step waits for: the default time limit of a step."""


def mark_of(message: Message, by: str) -> str | None:
    """Return the mark of a message, None if it has none."""
    mark = lookup(message.json, by)
    return None if mark is MISSING or mark is None else _written(mark)


def mark_in(data: Mapping[str, Any], by: str, decoder: Decoder | None = None) -> str | None:
    """Return the mark of a recorded message; None if it has none or was truncated."""
    return None if data.get("cut") or "text" not in data else mark_of(Message(data["text"], None, decoder), by)


def _written(mark: object) -> str:
    """Return a mark so that marks compare as in JavaScript, where 1.0 equals 1."""
    if isinstance(mark, float) and mark.is_integer():
        return repr(int(mark))
    return repr(mark)
