"""The kinds of objects that the keeper of module state can read, by what the inspector says of them."""

from collections.abc import Collection
from typing import Final

from poc_cli.targets.inspector import Result

_KINDS: Final = {
    "map": "map",
    "set": "set",
    "date": "date",
    "typedarray": "typedarray",
    "arraybuffer": "arraybuffer",
    "dataview": "dataview",
    "webassemblymemory": "memory",
    "proxy": "proxy",
}
"""Kinds of objects that the keeper can read, by the inspector's subtype."""

_PAIRS: Final = frozenset({"Headers", "URLSearchParams", "FormData"})

_ORDINARY: Final = frozenset(
    {"Object", "Math", "JSON", "Reflect", "Atomics", "Intl", "Iterator", "Generator", "Symbol"}
)
"""Built-in classes of JavaScript: reading a property of their objects has no side effect."""


def kind_of(value: Result, own: Collection[str]) -> str | None:
    """Return the keeper's kind of an object, or None for one with properties only."""
    name, subtype = value.get("className", ""), value.get("subtype", "")
    if subtype in _KINDS:
        return _KINDS[subtype]
    if name in _PAIRS and name not in own:
        return "pairs"
    if name == "URL" and name not in own:
        return "url"
    if name == "SharedArrayBuffer":
        return "arraybuffer"
    is_ordinary = value.get("type") == "function" or subtype or name in _ORDINARY or name in own
    return None if is_ordinary else "keys"


def is_bound(value: Result) -> bool:
    """Return whether a value is a function that `bind` made, or one of the runtime's."""
    return value.get("type") == "function" and value.get("description", "").endswith("{ [native code] }")
