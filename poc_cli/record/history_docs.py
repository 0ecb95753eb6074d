"""docs/history.schema.json, and the table of event kinds in docs/results.md."""

from typing import Any, Final

from poc_cli.history.event import FORMAT
from poc_cli.history.events import KINDS, MASKS
from poc_cli.record.json_schema import DIALECT, Definitions, as_text, prose

_WITH_A_MESSAGE: Final = ("sent", "received", "told")


def text() -> str:
    """Return docs/history.schema.json."""
    return as_text(schema())


def schema() -> dict[str, Any]:
    """Return the schema of one line of a history."""
    definitions = Definitions()
    kinds = {kind: _data(kind, definitions) for kind in KINDS}
    chain: list[dict[str, Any]] = [
        {"if": {"properties": {"kind": {"const": kind}}}, "then": {"properties": {"data": {"$ref": f"#/$defs/{kind}"}}}}
        for kind in kinds
    ]
    whole = {"type": "integer", "minimum": 0}
    return {
        "$schema": DIALECT,
        "title": FORMAT,
        "description": "One line of history.ndjson. A string replaces a number that is a secret of the worker.",
        "type": "object",
        "properties": {
            "id": {"description": "Counts from 1 without gaps.", "type": "integer", "minimum": 1},
            "play": {"description": "The play that it belongs to, or `run`.", "type": "string"},
            "t_ns": {"description": "Nanoseconds since the start of the run, on the client's clock."} | whole,
            "actor": {"description": "Who did it, or what it concerns.", "type": "string"},
            "kind": {"enum": [*kinds]},
            "step": {"description": "The index of the step that was running, from 0.", "type": ["integer", "null"]},
            "data": {"type": "object"},
        },
        "required": ["id", "play", "t_ns", "actor", "kind", "step", "data"],
        "additionalProperties": False,
        "allOf": chain,
        "$defs": kinds | definitions.found,
    }


def _data(kind: str, definitions: Definitions) -> dict[str, Any]:
    """Return the schema of one kind's data. Undeclared fields are an error: the writer declares all of them."""
    data = KINDS[kind]
    masks: dict[str, Any] = dict.fromkeys(sorted(MASKS), list[str])
    found = definitions.record(prose(data), data.declared | masks, data.required)
    if kind in _WITH_A_MESSAGE:
        found["anyOf"] = [{"required": ["text"]}, {"required": ["hex"]}]
    return found | {"additionalProperties": False}


def table() -> str:
    """Return the table of event kinds."""
    rows = [f"| `{kind}` | {prose(data)} | {_fields(kind)} |" for kind, data in KINDS.items()]
    return "\n".join(["| kind | means | data |", "|---|---|---|", *rows])


def _fields(kind: str) -> str:
    data = KINDS[kind]
    return ", ".join(f"`{name}`" if name in data.required else f"`{name}`?" for name in data.declared)
