"""Read a history from disk line by line, tolerating damaged lines."""

import json
from collections.abc import Iterator
from io import BytesIO
from operator import itemgetter
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from poc_cli.errors import PocError
from poc_cli.files import read_whole
from poc_cli.history.event import FORMAT, RUN_START, Event


def event_of(line: str) -> Event | None:
    """Return the event of one line, or None if it is not an event (truncated, edited, foreign)."""
    fields = _value_of(line)
    if not isinstance(fields, dict):
        return None
    try:
        event = Event(*_VALUES(fields))
    except KeyError:
        return None
    # In Python, True is an int; in JSON it is not a number.
    whole = type(event.id) is int and type(event.t_ns) is int and (event.step is None or type(event.step) is int)
    texts = type(event.play) is str and type(event.actor) is str and type(event.kind) is str
    return event if whole and texts and type(event.data) is dict else None


_VALUES = itemgetter("id", "play", "t_ns", "actor", "kind", "step", "data")


def _value_of(line: str) -> Any:
    """Return the JSON value of a line, or None if it is not JSON.

    pydantic's parser is three times as fast as the standard library's and interns repeated strings. What only the
    standard library accepts, such as a lone surrogate, goes to the standard library.
    """
    try:
        return from_json(line)
    except (ValueError, TypeError):  # TypeError if the line itself has a lone surrogate
        pass
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def events_of(text: str) -> Iterator[Event | None]:
    """Yield the event of each line, or None for a line that is not an event."""
    for line in text.split("\n"):
        if line:
            yield event_of(line)


def read(path: Path) -> list[Event | None]:
    """Return all events of a file. Raises PocError if it cannot be read or has another format."""
    try:
        lines = BytesIO(read_whole(path))
    except OSError as error:
        raise PocError(f"cannot read {path}: {error.strerror}", "a run folder contains a history.ndjson") from error
    events = [event_of(text) for line in lines if (text := line.removesuffix(b"\n").decode("utf-8", "replace"))]
    _raise_if_of_another_format(path, events)
    return events


def _raise_if_of_another_format(path: Path, events: list[Event | None]) -> None:
    first = events[0] if events else None
    if first is None or first.kind != RUN_START or "format" not in first.data or first.data["format"] == FORMAT:
        return
    raise PocError(
        f"{path} has the format {json.dumps(first.data['format'])}, but this version of poc reads {FORMAT}",
        "read it with the version of poc that wrote it",
    )
