"""The page that explains how to write a scenario: prose from reference.md, tables from the models."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from poc_cli.scenario.check_names import MEANINGS
from poc_cli.scenario.examples import EXAMPLES, FRAME
from poc_cli.scenario.model import ROWS, VERBS
from poc_cli.scenario.schema import DURATION, schema

_PROSE: Final = Path(__file__).with_name("reference.md")
_PLACE: Final = re.compile(r"@@(?P<what>[a-z]+)(?: (?P<of>\w+))?@@")
_NOTICE: Final = "<!-- Made by `make docs` from poc_cli/scenario: change reference.md or the models there. -->\n\n"

Definitions = Mapping[str, dict[str, Any]]


def text() -> str:
    """Return the page as it stands in docs/scenarios.md."""
    document = schema()
    definitions: Definitions = {**document["definitions"], "ScenarioFile": document}
    makers: dict[str, Callable[[str], str]] = {
        "keys": lambda model: _table(definitions, definitions[model], definitions[model]["properties"]),
        "index": lambda _: _index(definitions),
        "verbs": lambda _: _verbs(definitions),
        "frame": lambda _: _fenced(FRAME % "  # the steps of the example\n"),
        "checks": lambda _: "\n".join(["| check | holds when |", "|---|---|", *map(_row, MEANINGS.items())]),
        "rows": lambda _: ", ".join(f"`{row}`" for row in ROWS),
    }
    prose = _PROSE.read_text(encoding="utf-8")
    return _NOTICE + _PLACE.sub(lambda match: makers[match["what"]](match["of"]), prose)


def _row(pair: tuple[str, str]) -> str:
    return f"| `{pair[0]}` | {pair[1]} |"


def _fenced(toml: str) -> str:
    return f"```toml\n{toml}```"


def _index(definitions: Definitions) -> str:
    rows = [f"| [`{verb}`](#{verb}) | {definitions[model.__name__]['description']} |" for verb, model in VERBS.items()]
    return "\n".join(["| verb | what it does |", "|---|---|", *rows])


def _verbs(definitions: Definitions) -> str:
    """Return a section for each verb; keys that an earlier verb has with the same meaning are only named."""
    sections = []
    earlier: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for verb, model in VERBS.items():
        definition = definitions[model.__name__]
        shared: dict[str, list[str]] = {}
        own = [verb]
        for key, told in definition["properties"].items():
            known = earlier.setdefault(key, [])
            first = next((each for each, meaning in known if meaning == told), None)
            known.append((verb, told))
            if key in {"claim", verb}:
                continue
            if first is None:
                own.append(key)
            else:
                shared.setdefault(first, []).append(f"`{key}`")
        parts = [f"### {verb}", definition["description"], _table(definitions, definition, own)]
        parts += [f"As for [`{first}`](#{first}): {', '.join(keys)}." for first, keys in shared.items()]
        if verb in EXAMPLES:
            parts.append(_fenced(EXAMPLES[verb]))
        sections.append("\n\n".join(parts))
    return "\n\n".join(sections)


def _table(definitions: Definitions, definition: Mapping[str, Any], keys: Iterable[str]) -> str:
    """Return a row for each key: what it holds, what it is where it is not given, what it means."""
    rows = ["| key | holds | if not given | meaning |", "|---|---|---|---|"]
    for key in keys:
        told = definition["properties"][key]
        description = told.get("description") or definitions[_name(told)]["description"]
        absent = "must be given" if key in definition.get("required", []) else _default(told)
        rows.append(f"| `{key}` | {_holds(told)} | {absent} | {description} |")
    return "\n".join(rows)


def _name(told: Mapping[str, Any]) -> str:
    """Return the name of the definition that a key refers to, the empty text where it refers to none."""
    return str(told.get("$ref", "")).rpartition("/")[2]


def _default(told: Mapping[str, Any]) -> str:
    default = told.get("default")
    if default in (None, [], {}, ""):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _holds(told: Mapping[str, Any]) -> str:
    """Return in words what a value may be."""
    if "$ref" in told:
        return _NOUNS.get(_name(told), "a table")
    if "anyOf" in told:
        holds = [_holds(each) for each in told["anyOf"]]
        return "a name or a list of names" if holds == ["text", "a list of texts"] else " or ".join(holds)
    choices = [told["const"]] if "const" in told else told.get("enum", [])
    if len(choices) > _MANY:
        return "one of a list, see below"
    if told.get("pattern") == DURATION["pattern"]:
        return "a time like `300ms`"
    return " or ".join(f"`{each}`" for each in choices) or _of_type(told)


def _of_type(told: Mapping[str, Any]) -> str:
    match told.get("type"):
        case "array":
            each = _holds(told["items"])
            return "a list of texts" if each == "text" else f"a list, each {each}"
        case "object":
            values = [*told.get("patternProperties", {}).values(), told.get("additionalProperties")]
            return f"a table, name = {_holds(next(each for each in values if isinstance(each, dict)))}"
        case "integer" if "minimum" in told:
            return f"a whole number, {told['minimum']} to {told['maximum']}"
        case kind:
            return _TYPES[kind]


_MANY: Final = 6
"""Choices that a cell of a table can hold."""

_TYPES: Final[Mapping[str | None, str]] = {
    None: "anything",
    "string": "text",
    "boolean": "`true` or `false`",
    "integer": "a whole number",
}

_NOUNS: Final = {
    "Step": "a step",
    "Claim": "a [claim](#claims)",
    "Control": "a [control](#controls)",
    "ObjectRef": "an [object](#objects-and-clients)",
    "ClientSpec": "a [client](#objects-and-clients)",
    "CommandSpec": "a [program](#programs-as-clients)",
    "PageSpec": "a [page](#pages-as-clients)",
    "OriginSpec": "an [app server](#an-app-server)",
    "WorkerRef": "a [worker](#workers)",
    "Fill": "a table with `selector` and `text`",
    "Shows": "a table with `selector` and one of `text`, `contains` and `texts`",
    "MatrixCell": "a table with `row` and `expects`",
}
"""What the tables call a table that has a table of its own on the page."""
