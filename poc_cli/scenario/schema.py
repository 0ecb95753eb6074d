"""Generate the JSON Schema of scenario files, for completion and validation in editors."""

import json
from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from poc_cli.scenario.check_names import MEANINGS
from poc_cli.scenario.duration import WRITTEN, seconds, written
from poc_cli.scenario.model import ROWS, VERBS, Claim, MatrixCell, ScenarioFile
from poc_cli.scenario.schema_rules import Rule
from poc_cli.scenario.types import Shape

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
"""The newest draft that taplo, which TOML extensions of editors use, fully supports."""

REFERENCE: Final = "#/definitions/{model}"
"""How one definition refers to another."""

_STEP: Final = "Step"
_COMPLETION_KEYS: Final = ("description", "type", "const", "enum")
"""The parts of a key's schema that editors need to complete it and its value."""

CHOICES: Final[dict[tuple[type[BaseModel], str], Rule]] = {
    (Claim, "check"): {"enum": list(MEANINGS), "x-taplo": {"docs": {"enumValues": list(MEANINGS.values())}}},
    (MatrixCell, "row"): {"enum": list(ROWS)},
}
"""Keys with a fixed set of values whose type in the model is text; `x-taplo` documents each value in editors."""

DURATION: Final = {"type": "string", "pattern": f"^{WRITTEN}$"}
"""The schema of a duration in the file."""


class SchemaGenerator(GenerateJsonSchema):
    """Pydantic's generator, adapted to values as TOML has them before validation."""

    schema_dialect = DIALECT

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """Return the schema of a duration as text."""
        if schema["function"]["function"] is seconds:
            return dict(DURATION)
        return super().function_before_schema(schema)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Return the schema without null, which TOML does not have."""
        return self.generate_inner(schema["schema"])


def schema() -> dict[str, Any]:
    """Return the schema of a scenario file."""
    models: list[type[BaseModel]] = [ScenarioFile, *VERBS.values()]
    _, generated = models_json_schema(
        [(model, "validation") for model in models], schema_generator=SchemaGenerator, ref_template=REFERENCE
    )
    definitions: dict[str, Any] = generated["$defs"]
    for node in nodes(definitions):
        adapt_to_toml(node)
    for (model, key), choice in CHOICES.items():
        definitions[model.__name__]["properties"][key] |= choice
    for table in _subclasses(Shape):
        if table.__name__ in definitions:
            definitions[table.__name__] |= _rules(table)
    definitions[_STEP] = _step(definitions)
    whole = definitions.pop(ScenarioFile.__name__) | {"description": "A poc scenario: one story in one file."}
    return {"$schema": DIALECT, **whole, "definitions": dict(sorted(definitions.items()))}


def text() -> str:
    """Return the contents of docs/scenario.schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _subclasses(model: type[Shape]) -> Iterator[type[Shape]]:
    for each in model.__subclasses__():
        yield each
        yield from _subclasses(each)


def _rules(model: type[BaseModel]) -> dict[str, Any]:
    """Return the rules of a model: a single rule as it is, several in an `allOf`, in which taplo cannot complete."""
    rules: list[Rule] = [rule for base in model.__mro__ for rule in vars(base).get("rules", ())]
    if len(rules) == 1 and "properties" not in rules[0]:
        return rules[0]
    return {"allOf": rules} if rules else {}


def _step(definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a step: exactly one verb, and the schema of that verb for the other keys.

    A chain of `if` selects the verb, because an `anyOf` would report every mistake as "is not valid under any of the
    schemas". The keys of all verbs are listed before it, because editors only complete those.
    """
    keys: dict[str, Any] = {}
    chain: dict[str, Any] = {}
    for verb, model in reversed(VERBS.items()):
        chain = {"if": {"required": [verb]}, "then": {"$ref": _reference(model.__name__)}, "else": chain}
        properties = definitions[model.__name__]["properties"]
        own = {key: {name: each[name] for name in _COMPLETION_KEYS if name in each} for key, each in properties.items()}
        keys = own | keys
    return {
        "description": "A step: a table with exactly one verb.",
        "type": "object",
        "properties": dict(sorted(keys.items(), key=lambda item: item[0] not in VERBS)),
        "additionalProperties": False,
        "oneOf": [{"required": [verb]} for verb in VERBS],
        **chain,
    }


def _reference(name: str) -> str:
    return REFERENCE.format(model=name)


def nodes(value: object) -> Iterator[dict[str, Any]]:
    """Yield every table in the value, outer ones first."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item)


def adapt_to_toml(node: dict[str, Any]) -> None:
    """Adapt a schema node that pydantic generated to what a TOML file contains."""
    if isinstance(node.get("title"), str):  # the name of a class or field, which does not help users
        del node["title"]
    if isinstance(node.get("description"), str):
        node["description"] = " ".join(node["description"].split())
    if node.get("default", ...) is None:
        del node["default"]
    if node.get("pattern") == DURATION["pattern"] and isinstance(node.get("default"), float):
        node["default"] = written(node["default"])
    if "patternProperties" in node:
        node.setdefault("additionalProperties", False)
    properties = node.get("properties")
    if isinstance(properties, dict):
        _adapt_keys(properties)


def _adapt_keys(properties: dict[str, Any]) -> None:
    for key, value in list(properties.items()):
        if value.get("type") == "null":  # a key of the base class that this model does not accept
            del properties[key]
        elif key == "steps":
            value["items"] = {"$ref": _reference(_STEP)}
