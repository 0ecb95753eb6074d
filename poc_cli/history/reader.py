"""Reads a history back from disk, line by line, whatever state it was left in.

Never repairs: a line that cannot be read ends the play that it belonged to as an error.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from poc_cli.errors import PocError
from poc_cli.files import read_whole
from poc_cli.history.event import FORMAT, RUN_START, Event

_TYPES: dict[str, type | tuple[type, ...]] = {
    "id": int,
    "play": str,
    "t_ns": int,
    "actor": str,
    "kind": str,
    "step": (int, type(None)),
    "data": dict,
}


def event_of(line: str) -> Event | None:
    """Give the event of one line, or None where the line is not one (cut off, edited, not ours)."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    for name, kind in _TYPES.items():
        if name not in fields or not isinstance(fields[name], kind) or isinstance(fields[name], bool):
            return None
    return Event(**{name: fields[name] for name in _TYPES})


def events_of(text: str) -> Iterator[Event | None]:
    """Give each line's event, None for a line that is not one."""
    for line in text.split("\n"):
        if line:
            yield event_of(line)


def read(path: Path) -> list[Event | None]:
    """Give all events of a file. Raises PocError where it cannot be read, or is of a format that is not ours."""
    try:
        text = read_whole(path).decode("utf-8", "replace")
    except OSError as error:
        raise PocError(f"cannot read {path}: {error.strerror}", "a run folder holds a history.ndjson") from error
    events = list(events_of(text))
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
