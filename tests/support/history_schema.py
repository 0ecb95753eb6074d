"""Events held against docs/history.schema.json."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from jsonschema import Draft202012Validator

from poc_cli.history.event import Event

SCHEMA: Final = json.loads((Path(__file__).parents[2] / "docs" / "history.schema.json").read_text(encoding="utf-8"))

_KNOWN: Final[set[str]] = set()


def misfits(events: Iterable[Event]) -> list[str]:
    """Return what does not fit the schema. Events of one shape are looked at once: a run has thousands of each."""
    return [complaint for event in events if (complaint := _misfit(event)) is not None]


def _misfit(event: Event) -> str | None:
    shape = f"{event.kind} {_shape(event.data)}"
    if shape in _KNOWN:
        return None
    validator = Draft202012Validator(SCHEMA)
    errors = [
        f"{event.kind}: {error.json_path} {error.message}" for error in validator.iter_errors(json.loads(event.line()))
    ]
    if errors:
        return "; ".join(errors)
    _KNOWN.add(shape)
    return None


def _shape(value: Any) -> str:
    """Return the names and types of a value, and short texts, of which the schema names some."""
    match value:
        case dict():
            return "{" + ",".join(f"{key}:{_shape(each)}" for key, each in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(sorted({_shape(each) for each in value})) + "]"
        case str():
            return value if len(value) < 12 else "str"
    return type(value).__name__
