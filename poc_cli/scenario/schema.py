"""The JSON Schema of a scenario file, from which editors complete and check while one writes."""

import json
from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from poc_cli.scenario.duration import WRITTEN, seconds, written
from poc_cli.scenario.model import VERBS, ScenarioFile
from poc_cli.scenario.schema_rules import CHOICES, RULES

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
"""The newest that taplo, which is inside the TOML extensions of editors, reads whole."""

REFERENCE: Final = "#/definitions/{model}"
"""How one definition refers to another."""

_STEP: Final = "Step"
_TOLD: Final = ("description", "type", "const", "enum")
"""What editors need of a key to complete it and its value."""

DURATION: Final = {"type": "string", "pattern": f"^{WRITTEN}$"}
"""A length of time in the file."""


class SchemaGenerator(GenerateJsonSchema):
    """The generator of pydantic, told what a file of TOML looks like before the models have read it."""

    schema_dialect = DIALECT

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        """Return a length of time as the text that it is in the file."""
        if schema["function"]["function"] is seconds:
            return dict(DURATION)
        return super().function_before_schema(schema)

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Return what stands where something stands: TOML has no null."""
        return self.generate_inner(schema["schema"])


def schema() -> dict[str, Any]:
    """Return the schema of a whole file."""
    models: list[type[BaseModel]] = [ScenarioFile, *VERBS.values()]
    _, generated = models_json_schema(
        [(model, "validation") for model in models], schema_generator=SchemaGenerator, ref_template=REFERENCE
    )
    definitions: dict[str, Any] = generated["$defs"]
    for node in nodes(definitions):
        mend(node)
    for (model, key), choice in CHOICES.items():
        definitions[model.__name__]["properties"][key] |= choice
    for model in (*models, *RULES):
        if model.__name__ in definitions:
            definitions[model.__name__] |= _rules(model)
    definitions[_STEP] = _step(definitions)
    whole = definitions.pop(ScenarioFile.__name__) | {"description": "A scenario of poc: one story in one file."}
    return {"$schema": DIALECT, **whole, "definitions": dict(sorted(definitions.items()))}


def text() -> str:
    """Return the schema as it stands in docs/scenario.schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _rules(model: type[BaseModel]) -> dict[str, Any]:
    """Return what a model's definition gets: its one rule, or all in an `allOf`, where taplo completes nothing."""
    rules = [rule for base in model.__mro__ for rule in RULES.get(base, [])]
    if len(rules) == 1 and "properties" not in rules[0]:
        return rules[0]
    return {"allOf": rules} if rules else {}


def _step(definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a step: exactly one verb, and that verb's own schema for the rest.

    A chain of `if` leads to the verb, because an `anyOf` of the verbs would answer every slip with "is not valid under
    any of the schemas". The keys of all verbs stand before it, since editors complete from nothing else.
    """
    keys: dict[str, Any] = {}
    chain: dict[str, Any] = {}
    for verb, model in reversed(VERBS.items()):
        chain = {"if": {"required": [verb]}, "then": {"$ref": _reference(model.__name__)}, "else": chain}
        told = definitions[model.__name__]["properties"]
        keys = {key: {name: each[name] for name in _TOLD if name in each} for key, each in told.items()} | keys
    return {
        "description": "One thing that happens: a table with exactly one verb.",
        "type": "object",
        "properties": dict(sorted(keys.items(), key=lambda item: item[0] not in VERBS)),
        "additionalProperties": False,
        "oneOf": [{"required": [verb]} for verb in VERBS],
        **chain,
    }


def _reference(name: str) -> str:
    return REFERENCE.format(model=name)


def nodes(value: object) -> Iterator[dict[str, Any]]:
    """Yield every table in the value, the inner ones after the outer ones."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item)


def mend(node: dict[str, Any]) -> None:
    """Change what pydantic says of a model into what is so in a file."""
    if isinstance(node.get("title"), str):  # a class's or field's name, which tells nobody anything
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
        _mend_keys(properties)


def _mend_keys(properties: dict[str, Any]) -> None:
    for key, value in list(properties.items()):
        if value.get("type") == "null":  # a key of the base that this model does not take
            del properties[key]
        elif key == "steps":
            value["items"] = {"$ref": _reference(_STEP)}
