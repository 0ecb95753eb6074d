"""Generate docs/scenarios.md, the language reference: prose from reference.md, tables and examples from the models."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from poc_cli.scenario.check_names import MEANINGS
from poc_cli.scenario.claims_page import anchor_of
from poc_cli.scenario.model import ROWS, VERBS
from poc_cli.scenario.schema import DURATION, schema

_PROSE: Final = Path(__file__).with_name("reference.md")
_PLACE: Final = re.compile(r"@@(?P<what>[a-z]+)(?: (?P<of>\w+))?@@")
_NOTICE: Final = "<!-- Made by `make docs` from poc_cli/scenario: change reference.md or the models there. -->\n\n"

Definitions = Mapping[str, dict[str, Any]]


def text() -> str:
    """Return the contents of docs/scenarios.md."""
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
    page = _PLACE.sub(lambda match: makers[match["what"]](match["of"]), prose)
    first, heading, rest = page.partition("\n## ")
    return f"{_NOTICE}{first}\n{_contents(page)}{heading}{rest}"


def _contents(page: str) -> str:
    """Return a list of the sections, with their own ones behind them."""
    lines: list[str] = []
    outside = "".join(page.split("```")[::2])  # a fence may have lines that look like headings
    for level, heading in re.findall(r"^(##|###) (.+)$", outside, re.MULTILINE):
        link = f"[{heading}](#{anchor_of(heading)})"
        if level == "##":
            lines.append(f"- {link}")
        else:
            lines[-1] += (": " if lines[-1].endswith(")") and ": [" not in lines[-1] else ", ") + link
    return "\n".join(lines) + "\n"


def _row(pair: tuple[str, str]) -> str:
    return f"| `{pair[0]}` | {pair[1]} |"


def _fenced(toml: str) -> str:
    return f"```toml\n{toml}```"


def _index(definitions: Definitions) -> str:
    rows = [f"| [`{verb}`](#{verb}) | {definitions[model.__name__]['description']} |" for verb, model in VERBS.items()]
    return "\n".join(["| verb | what it does |", "|---|---|", *rows])


def _verbs(definitions: Definitions) -> str:
    """Return a section for each verb; keys with the same meaning as for an earlier verb are only listed."""
    sections = []
    earlier: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for verb, model in VERBS.items():
        definition = definitions[model.__name__]
        shared: dict[str, list[str]] = {}
        own = [verb]
        for key, field in definition["properties"].items():
            known = earlier.setdefault(key, [])
            first = next((each for each, meaning in known if meaning == field), None)
            known.append((verb, field))
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
    """Return a table of the keys: their types, defaults and meanings."""
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for key in keys:
        field = definition["properties"][key]
        description = field.get("description") or definitions[_name(field)]["description"]
        absent = "required" if key in definition.get("required", []) else _default(field)
        rows.append(f"| `{key}` | {_type(field)} | {absent} | {description} |")
    return "\n".join(rows)


def _name(field: Mapping[str, Any]) -> str:
    """Return the name of the definition that a key refers to, or the empty string."""
    return str(field.get("$ref", "")).rpartition("/")[2]


def _default(field: Mapping[str, Any]) -> str:
    default = field.get("default")
    if default in (None, [], {}, ""):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _type(field: Mapping[str, Any]) -> str:
    """Describe the type of a value."""
    if "$ref" in field:
        return _NOUNS.get(_name(field), "a table")
    if "anyOf" in field:
        holds = [_type(each) for each in field["anyOf"]]
        return "a name or a list of names" if holds == ["text", "a list of texts"] else " or ".join(holds)
    choices = [field["const"]] if "const" in field else field.get("enum", [])
    if len(choices) > _MANY:
        return "one of the values listed below"
    if field.get("pattern") == DURATION["pattern"]:
        return "a duration like `300ms`"
    return " or ".join(f"`{each}`" for each in choices) or _of_type(field)


def _of_type(field: Mapping[str, Any]) -> str:
    match field.get("type"):
        case "array":
            each = _type(field["items"])
            return "a list of texts" if each == "text" else f"a list, each {each}"
        case "object":
            values = [*field.get("patternProperties", {}).values(), field.get("additionalProperties")]
            return f"a table, name = {_type(next(each for each in values if isinstance(each, dict)))}"
        case "integer" if "minimum" in field:
            return f"a whole number, {field['minimum']} to {field['maximum']}"
        case kind:
            return _TYPES[kind]


_MANY: Final = 6
"""The most choices to list in a table cell."""

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
"""How a type is described if it has its own section or table on the page."""


FRAME: Final = """\
name    = "example"
title   = "Two clients in one room."
object  = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}?name=ann", bob = "/room/{play}?name=bob" }

steps = [
%s]
"""
"""The scenario file around the steps of an example."""

EXAMPLES: Final = {verb: model.example for verb, model in VERBS.items()}
"""The example steps of each verb."""


ORIGIN: Final = 'origin  = { dir = "app", start = "node server.mjs", ready = "/hello" }\n'
"""The line that examples with an app server need in addition."""


def whole(steps: str) -> str:
    """Return a complete scenario file with the steps."""
    file = FRAME % steps
    return file.replace("clients = ", f"{ORIGIN}clients = ", 1) if "origin = " in steps else file
