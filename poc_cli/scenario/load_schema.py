"""Generate the JSON Schema of load scenarios, for completion and validation in editors."""

import json
from typing import TYPE_CHECKING, Any, Final

from pydantic.json_schema import models_json_schema

from poc_cli.scenario.check_names import LOAD_MEANINGS
from poc_cli.scenario.load_model import STAGES, LoadFile
from poc_cli.scenario.schema import DIALECT, REFERENCE, SchemaGenerator, adapt_to_toml, nodes

if TYPE_CHECKING:
    from pydantic import BaseModel

_STAGE: Final = "Stage"

_NOT_OF_LOADS: Final = ("clients", "steps", "vars", "needs", "measures", "objects", "origin", "secrets")
"""Keys of a story that a load scenario does not have."""

_NOT_OF_CLAIMS: Final = ("control", "of", "after", "limit", "matrix", "by")


def schema() -> dict[str, Any]:
    """Return the schema of a file with a `[load]` table."""
    models: list[type[BaseModel]] = [LoadFile, *STAGES.values()]
    _, generated = models_json_schema(
        [(model, "validation") for model in models], schema_generator=SchemaGenerator, ref_template=REFERENCE
    )
    definitions: dict[str, Any] = generated["$defs"]
    for node in nodes(definitions):
        adapt_to_toml(node)
    whole = definitions.pop(LoadFile.__name__)
    _without(whole, _NOT_OF_LOADS)
    _without(definitions["Claim"], _NOT_OF_CLAIMS)
    definitions["Claim"]["properties"]["check"] |= {
        "enum": list(LOAD_MEANINGS),
        "x-taplo": {"docs": {"enumValues": list(LOAD_MEANINGS.values())}},
    }
    definitions["Claim"]["required"] = ["id", "says", "check"]
    definitions["LoadTable"]["properties"]["stages"]["items"] = {"$ref": REFERENCE.format(model=_STAGE)}
    definitions[_STAGE] = _stage(definitions)
    kept = _reachable(whole, definitions)
    whole["description"] = "A poc load scenario: many sockets, and the stages they go through."
    return {"$schema": DIALECT, **whole, "definitions": dict(sorted(kept.items()))}


def text() -> str:
    """Return the contents of docs/load.schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _stage(definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a stage: exactly one verb, and the schema of that verb for the other keys."""
    keys: dict[str, Any] = {}
    chain: dict[str, Any] = {}
    for verb, model in reversed(STAGES.items()):
        chain = {"if": {"required": [verb]}, "then": {"$ref": REFERENCE.format(model=model.__name__)}, "else": chain}
        for key, field in definitions[model.__name__]["properties"].items():
            keys[key] = {"description": field["description"]}
    return {
        "description": "A stage for all sockets: a table with exactly one verb.",
        "type": "object",
        "properties": dict(sorted(keys.items(), key=lambda item: item[0] not in STAGES)),
        "additionalProperties": False,
        "oneOf": [{"required": [verb]} for verb in STAGES],
        **chain,
    }


def _without(definition: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in keys:
        definition["properties"].pop(key, None)
    if "required" in definition:
        definition["required"] = [key for key in definition["required"] if key not in keys]


def _reachable(whole: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the definitions that are still referenced."""
    kept: dict[str, Any] = {}
    pending = [whole]
    while pending:
        for node in nodes(pending.pop()):
            name = str(node.get("$ref", "")).rpartition("/")[2]
            if name and name not in kept:
                kept[name] = definitions[name]
                pending.append(definitions[name])
    return kept
