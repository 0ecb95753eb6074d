"""Convert pydantic's validation errors to readable problems: where, what was expected, and what was found."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ValidationError

from poc_cli.errors import did_you_mean
from poc_cli.scenario.client_tables import CommandSpec, PageSpec
from poc_cli.scenario.load_model import LoadFile, LoadTable
from poc_cli.scenario.model import (
    VERBS,
    Claim,
    ClientSpec,
    Control,
    MatrixCell,
    ObjectRef,
    On,
    OriginSpec,
    Resume,
    ScenarioFile,
    WorkerRef,
)
from poc_cli.scenario.step_bases import Fill, Shows
from poc_cli.scenario.values import Path, kind, shown

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem in a file: its path, whether it is about the key or the value, a message, and advice."""

    path: Path
    message: str
    advice: str | None = None
    at: Literal["key", "value"] = "value"


_CHILDREN: Final[Mapping[tuple[type[BaseModel], str], tuple[type[BaseModel], bool, str]]] = {
    (ScenarioFile, "object"): (ObjectRef, False, "an object"),
    (ScenarioFile, "objects"): (ObjectRef, True, "an object"),
    (ScenarioFile, "clients"): (ClientSpec, True, "a client"),
    (ScenarioFile, "claim"): (Claim, True, "a claim"),
    (Claim, "control"): (Control, False, "a control"),
    (Claim, "matrix"): (MatrixCell, False, "a matrix cell"),
    (Control, "clients"): (ClientSpec, True, "a client"),
    (ScenarioFile, "worker"): (WorkerRef, False, "a worker"),
    (Control, "worker"): (WorkerRef, False, "a worker"),
    (LoadFile, "load"): (LoadTable, False, "[load]"),
    (ScenarioFile, "origin"): (OriginSpec, False, "an origin"),
    **{(model, "fill"): (Fill, False, '"fill"') for model in (On, Resume)},
    **{(model, "expect_text"): (Shows, False, '"expect_text"') for model in (On, Resume)},
}
"""The model under a key, whether a name or index comes in between, and what to call the model in messages."""

_EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
}

_CLIENTS: Final[Mapping[str, tuple[type[BaseModel], str]]] = {
    ClientSpec.__name__: (ClientSpec, "a client"),
    CommandSpec.__name__: (CommandSpec, "a client with a command"),
    PageSpec.__name__: (PageSpec, "a client in a browser"),
}
"""The tags that pydantic adds to paths for each kind of client; they are not in the file."""

_NAMED: Final = frozenset({"of"}.union(*(model.names_clients for model in VERBS.values())))
"""Keys that take one name or a list of them."""

_SHORT: Final[Mapping[str, str]] = {
    ClientSpec.__name__: "a path in quotes or ",
    WorkerRef.__name__: "a folder in quotes or ",
    "ConfiguredWorker": "a folder in quotes or ",  # of poc.toml
}
"""Short forms that are accepted instead of a table."""

_PATTERNS: Final[Mapping[str, str]] = {
    "^[a-z][a-z0-9_-]*$": 'a name of lowercase letters, digits, "_" and "-" that starts with a letter',
    "^[a-z][a-z0-9_]*$": 'a name of lowercase letters, digits and "_" that starts with a letter',
    "^/": 'a path that starts with "/"',
    r"^[^/\x00][^\x00]*$": "a folder relative to the file",
    r"^(\{origin(\.foreign)?\})?/": 'a path that starts with "/" or "{origin}/"',
    r"^(\{origin(\.foreign)?\}|https?://)": 'the address of a page, like "{origin}/room/{play}"',
    "^[A-Za-z_][A-Za-z0-9_]*$": 'the name of a variable: letters, digits and "_"',
    "^[A-Z][A-Z0-9_]*$": 'the name of a secret: uppercase letters, digits and "_"',
    "^[A-Z]+$": "an HTTP method in uppercase letters",
    r"^([0-9a-f]{64}|\{[A-Za-z_][A-Za-z0-9_]*\})$": "an id of 64 hex digits, or the {name} of a captured one",
}


def problems_of(error: ValidationError, model: type[BaseModel], noun: str, prefix: Path) -> Iterator[Problem]:
    """Yield a problem for each error; `noun` names the model in messages (`a step`), and `prefix` is its path.

    A missing key is not reported if the same table has an unknown one, which may be that key misspelled.
    """
    errors = error.errors(include_url=False)
    misspelled = {details["loc"][:-1] for details in errors if details["type"] == "extra_forbidden"}
    for details in errors:
        if details["type"] != "missing" or details["loc"][:-1] not in misspelled:
            yield _problem(details, model, noun, prefix)


def _problem(details: "ErrorDetails", model: type[BaseModel], noun: str, prefix: Path) -> Problem:
    kind_ = next((each for each in details["loc"] if each in _CLIENTS), None)
    way: Path = tuple(each for each in details["loc"] if each != kind_)
    path = (*prefix, *way)
    if way and way[-1] == "[key]" and details["type"] == "string_pattern_mismatch":
        pattern = _PATTERNS[details["ctx"]["pattern"]]
        return Problem(path[:-1], f"{shown(details['input'])} is not {pattern}", at="key")
    owner, owner_noun = _owner(way, model, noun)
    if owner is ClientSpec:
        owner, owner_noun = _CLIENTS.get(str(kind_), (owner, owner_noun))
    if details["type"] == "missing":
        return Problem(path[:-1], f"{owner_noun} needs {shown(way[-1])}")
    if details["type"] == "extra_forbidden":
        advice = did_you_mean(str(way[-1]), keys(owner))
        return Problem(path, f"{shown(way[-1])} is not a key of {owner_noun}", advice, at="key")
    place: Literal["key", "value"] = "value" if way else "key"
    return Problem(path, _sentence(details, _subject(way, noun)), _advice(details, way), at=place)


def _advice(details: "ErrorDetails", way: Path) -> str | None:
    """Return what to write instead, where a mistake is common; None for any other."""
    given, found = details["input"], None
    match details["type"], way:
        case "list_type", ("claim" | "steps" as key,) if isinstance(given, dict):
            found = f"begin each of them with [[{key}]], in two brackets"
        case "list_type", (*_, key) if key in _NAMED:
            found = f'name one or several: {key} = "ann" or {key} = ["ann", "bob"]'
        case "string_pattern_mismatch", (*_, "http") if isinstance(given, str) and (call := _METHOD.fullmatch(given)):
            found = f'the method has a key of its own: {{ http = "{call[2] or "/…"}", method = "{call[1]}" }}'
        case "string_pattern_mismatch", _ if isinstance(given, str):
            found = _corrected(details["ctx"]["pattern"], given)
        case "literal_error", _ if isinstance(given, str):
            near = get_close_matches(given, re.findall(r"'([^']+)'", str(details["ctx"]["expected"])), n=1)
            found = f'did you mean "{near[0]}"?' if near else None
        case "int_type" | "float_type", _ if isinstance(given, str) and given.isdecimal():
            found = "write it without quotes"
        case "list_type", (*_, "where") if isinstance(given, str):
            found = f"conditions stand in a list: where = [{shown(given)}]"
        case "list_type", (*_, str(key)) if isinstance(given, str) and key != "steps":
            words = given.split() if key in _COMMANDS else [given]
            found = f"write it in brackets: {key} = [{', '.join(map(shown, words))}]"
        case "model_type" | "dict_type", (*_, key) if str(key) in _TABLES and isinstance(given, str):
            found = _TABLES[str(key)]
    return found


_COMMANDS: Final = frozenset({"command", "start"})
"""Keys whose list has the words of a command."""

_METHOD: Final = re.compile(r"([A-Z]+)(?: +(/\S*))?")

_TABLES: Final[Mapping[str, str]] = {
    "object": 'write it like: object = { class = "Room", name = "{play}" }',
    "matrix": 'write it like: matrix = { row = "SQLite rows", expects = "survives" }',
}
"""What is often given as text, and is a table."""


def _corrected(pattern: str, given: str) -> str | None:
    """Return a path or a name that is nearly one, None for any other."""
    if pattern == "^/":
        if "://" in given:
            return "only the path stands here; --target takes the address"
        return f"did you mean {shown(f'/{given}')}?" if given else None
    name = re.sub(r"[^a-z0-9_]+", "-" if "-" in pattern else "_", given.lower()).strip("-_")
    return f'did you mean "{name}"?' if pattern.startswith("^[a-z]") and re.fullmatch(pattern, name) else None


def _sentence(details: "ErrorDetails", subject: str) -> str:
    """Describe what a value must be and what it is."""
    context: dict[str, Any] = details.get("ctx", {})
    given = kind(details["input"])
    match details["type"]:
        case "literal_error":
            expected = str(context["expected"]).replace("'", '"')
            return f"{subject} must be {expected}, not {given}"
        case "string_pattern_mismatch":
            return f"{subject} must be {_PATTERNS[context['pattern']]}, not {given}"
        case "string_too_short" | "too_short":
            return f"{subject} must not be empty"
        case "greater_than_equal" | "less_than_equal":
            bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
            return f"{subject} must be {bound}, not {given}"
        case "value_error":
            return f"{subject}: {context['error']}"
        case other:
            short = _SHORT.get(str(context.get("class_name")), "")
            if other == "list_type" and details["loc"] and details["loc"][-1] in _NAMED:
                short = "a name or "
            return f"{subject} must be {short}{_EXPECTED.get(other, 'something else')}, not {given}"


def _subject(way: Path, noun: str) -> str:
    """Name the invalid value: by its key, or for a list element by the list and its number."""
    if not way:
        return noun
    if isinstance(way[-1], int):
        return f"element {way[-1] + 1} of {_subject(way[:-1], noun)}"
    return shown(way[-1])


def _owner(way: Path, model: type[BaseModel], noun: str) -> tuple[type[BaseModel], str]:
    """Return the model that contains the last key of the path, and what to call it."""
    rest = list(way[:-1])
    while rest:
        key = str(rest.pop(0))
        child = next((_CHILDREN[base, key] for base in model.__mro__ if (base, key) in _CHILDREN), None)
        if child is None:
            break
        model, named, noun = child
        if named and rest:
            rest.pop(0)
    return model, noun


def keys(model: type[BaseModel]) -> list[str]:
    """Return the keys of a model as they are written in a file."""
    return [field.alias or name for name, field in model.model_fields.items()]
