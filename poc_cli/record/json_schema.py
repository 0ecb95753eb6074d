"""Generate JSON Schema for the documents that poc writes from the types that declare them."""

import json
from inspect import cleandoc
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_PLAIN: Final[dict[Any, str]] = {
    NoneType: "null",
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}


class Definitions:
    """Schemas of types; each TypedDict becomes a definition that other schemas refer to."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def of(self, declared: Any) -> dict[str, Any]:
        """Return the schema of a type."""
        origin, parts = get_origin(declared), get_args(declared)
        if origin is Annotated:
            return self.of(parts[0]) | {"description": parts[1]}
        if origin in {Required, NotRequired}:
            return self.of(parts[0])
        if origin in {Union, UnionType}:
            return self._one_of(parts)
        if is_typeddict(declared):
            return self._reference(declared)
        return self._plain(declared, origin, parts)

    def _plain(self, declared: Any, origin: Any, parts: tuple[Any, ...]) -> dict[str, Any]:
        if origin is Literal:
            return {"enum": [*parts]}
        if origin is list:
            return {"type": "array", "items": self.of(parts[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.of(parts[1])}
        return {} if declared in {Any, object} else {"type": _PLAIN[declared]}

    def _one_of(self, parts: tuple[Any, ...]) -> dict[str, Any]:
        schemas = [self.of(part) for part in parts if not (part is int and float in parts)]
        if all(schema.keys() == {"type"} for schema in schemas):
            types = [schema["type"] for schema in schemas]
            return {"type": types if len(types) > 1 else types[0]}
        return {"anyOf": schemas}

    def _reference(self, declared: Any) -> dict[str, Any]:
        name = declared.__name__
        if name not in self.found:
            self.found[name] = {}  # it may refer to itself
            hints = get_type_hints(declared, include_extras=True)
            self.found[name] = self.record(prose(declared), hints, declared.__required_keys__)
        return {"$ref": f"#/$defs/{name}"}

    def record(self, description: str, fields: dict[str, Any], required: frozenset[str]) -> dict[str, Any]:
        """Return the schema of an object with these fields. Fields that a later version adds are allowed."""
        return {
            "description": description,
            "type": "object",
            "properties": {name: self.of(declared) for name, declared in fields.items()},
            "required": [name for name in fields if name in required],
        }


def prose(declared: type) -> str:
    """Return the docstring of a class in one line."""
    return " ".join(cleandoc(declared.__doc__ or "").split())


def as_text(schema: dict[str, Any]) -> str:
    """Return a schema as it is in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
