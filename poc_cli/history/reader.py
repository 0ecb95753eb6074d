"""Reads a history back from disk, line by line, whatever state it was left in."""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from poc_cli.errors import PocError
from poc_cli.files import read_whole
from poc_cli.history.event import FORMAT, RUN_START, Event


def event_of(line: str) -> Event | None:
    """Return the event of one line, or None where the line is not one (cut off, edited, not ours)."""
    fields = _value_of(line)
    if not isinstance(fields, dict):
        return None
    try:
        event = Event(*(fields[name] for name in _FIELDS))
    except KeyError:
        return None
    # To Python true is a whole number; to JSON it is not.
    whole = type(event.id) is int and type(event.t_ns) is int and (event.step is None or type(event.step) is int)
    texts = type(event.play) is str and type(event.actor) is str and type(event.kind) is str
    return event if whole and texts and type(event.data) is dict else None


_FIELDS = ("id", "play", "t_ns", "actor", "kind", "step", "data")


def _value_of(line: str) -> Any:
    """Return what a line holds as JSON, None where it is not JSON.

    Three times as fast as the standard library's parser, and texts that come again are one in memory. What it refuses
    that the other takes, half of a surrogate pair for one, the other reads.
    """
    try:
        return from_json(line)
    except (ValueError, TypeError):  # the latter where the line itself has half of a pair
        pass
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def events_of(text: str) -> Iterator[Event | None]:
    """Yield each line's event, None for a line that is not one."""
    for line in text.split("\n"):
        if line:
            yield event_of(line)


def read(path: Path) -> list[Event | None]:
    """Return all events of a file. Raises PocError where it cannot be read, or is of a format that is not ours."""
    try:
        lines = BytesIO(read_whole(path))
    except OSError as error:
        raise PocError(f"cannot read {path}: {error.strerror}", "a run folder holds a history.ndjson") from error
    events = [event_of(text) for line in lines if (text := line.removesuffix(b"\n").decode("utf-8", "replace"))]
    _raise_if_of_another_format(path, events)
    return events


def _raise_if_of_another_format(path: Path, events: list[Event | None]) -> None:
    first = events[0] if events else None
    if first is None or first.kind != RUN_START or "format" not in first.data or first.data["format"] == FORMAT:
        return
    raise PocError(
        f"{path} has the format {json.dumps(first.data['format'])}, and this poc reads {FORMAT}",
        "read it with the version of poc that wrote it",
    )
