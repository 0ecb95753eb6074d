"""The schema for editors: it takes what the loader takes, and refuses what the models refuse."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from pydantic import BaseModel

from poc_cli.commands import generate_docs
from poc_cli.errors import ScenarioError
from poc_cli.scenario.catalog import shipped_files
from poc_cli.scenario.loader import parse
from poc_cli.scenario.model import VERBS, ScenarioFile
from poc_cli.scenario.reference import EXAMPLES, whole
from poc_cli.scenario.schema import CHOICES, DIALECT, schema
from poc_cli.scenario.steps import nodes_of, validated
from poc_cli.scenario.types import Shape
from poc_cli.scenario.validation_errors import Problem
from poc_cli.shipped import shipped

DOCS = shipped("scenarios").parent / "docs"
SCHEMA = schema()
VALIDATOR = Draft7Validator(SCHEMA)

RICH = """\
name = "rich"
title = "Everything that the language has."
tags = ["a"]
measures = false
needs = ["crash"]
objects = { room = { class = "Room", name = "{play}" } }
vars = { color = "blue" }
clients = { ann = "/room/{play}", bob = { path = "/room/{play}", headers = { x = "y" }, count = 2, ping = "1s" } }
steps = [
  { connect = "*", within = "2s" },
  { on = "ann", send = { op = "who" }, expect = [{ a = 1 }, "x"], order = "any", capture = { before = "a" } },
  { on = ["ann", "bob"], quiet = "300ms", claim = "one" },
  { on = "ann", like = { event = "{color}" }, quiet = "100ms" },
  { hibernate = "idle", of = "room", natural = true },
  { probe = "asleep" },
  { resume = "ann", send = "x", where = ["instance != {before}"], next = true, exact = true },
  { http = "/push", method = "GET", headers = { a = "b" }, status = 404, auth = false },
  { alarm = "fires", within = "2s" },
  { stall = "bob.1" }, { stall = "bob.1", release = true },
  { kill = "bob.2", how = "rst" },
  { restart = "object", of = ["room"] },
  { repeat = 2, as = "n", steps = [{ idle = "10ms" }] },
  { close = "ann", code = 4000, reason = "r", expect_code = 4000, expect_reason = "r" },
]

[[claim]]
id = "one"
says = "It holds."
source = "https://example.com"
check = "sleeps"
of = ["room"]
matrix = { row = "SQLite rows", expects = "survives" }
control = { clients = { ann = "/room/{play}?x" }, vars = { color = "red" }, expect = "unknown" }
mutant = "m"
known = { local = "refuted" }

[[claim]]
id = "two"
says = "It is quick."
check = "wake-under"
limit = "200ms"
control = { steps = [{ connect = "ann" }] }
"""


def refusals(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(tomli.loads(text))]


def test_it_is_current() -> None:
    stored = (DOCS / "scenario.schema.json").read_text(encoding="utf-8")
    assert stored == generate_docs.PAGES["scenario.schema.json"](), "run make docs"


def test_it_is_a_schema_that_taplo_reads_whole() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == DIALECT == Draft7Validator.META_SCHEMA["$schema"]


@pytest.mark.parametrize("name", [name for name in shipped_files() if not name.startswith("load/")])
def test_it_takes_every_shipped_scenario(name: str) -> None:
    text = shipped_files()[name].read_text(encoding="utf-8")
    assert refusals(text) == []
    assert text.startswith(f"#:schema ../{'../' * name.count('/')}docs/scenario.schema.json\n")


@pytest.mark.parametrize("verb", VERBS)
def test_it_takes_every_example(verb: str) -> None:
    assert refusals(whole(EXAMPLES[verb])) == []


def test_it_takes_everything_that_the_language_has() -> None:
    parse(RICH, "rich.toml")
    assert refusals(RICH) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('name = "rich"', 'nme = "rich"'),
        ('name = "rich"', 'name = "Rich"'),
        ('title = "Everything that the language has."', "title = 3"),
        ('title = "Everything that the language has."', 'title = ""'),
        ('tags = ["a"]', 'tags = "a"'),
        ('needs = ["crash"]', 'needs = ["luck"]'),
        ('class = "Room"', 'klass = "Room"'),
        ('name = "{play}" }', 'name = "{play}", id = "' + 64 * "0" + '" }'),
        (', name = "{play}" }', " }"),
        ("vars = { color", "vars = { Color"),
        ("clients = { ann", "clients = { Ann"),
        ('ann = "/room/{play}"', 'ann = "room"'),
        ('ann = "/room/{play}"', "ann = 3"),
        ('{ path = "/room/{play}"', '{ path = "room"'),
        ("count = 2", "count = 0"),
        ('ping = "1s"', "ping = 1"),
        ('connect = "*"', 'conect = "*"'),
        ('connect = "*"', "connect = []"),
        ('{ connect = "*", within = "2s" }', '{ within = "2s" }'),
        ('{ connect = "*", within = "2s" }', "3"),
        ('{ connect = "*", within = "2s" }', '{ connect = "*", close = "*" }'),
        ('{ connect = "*", within = "2s" }', '{ connect = "*", send = "x" }'),
        ('within = "2s"', 'within = "2 s"'),
        ('expect = [{ a = 1 }, "x"], order', "expect = { a = 1 }, order"),
        ('order = "any"', 'order = "some"'),
        ("capture = { before", "capture = { Before"),
        ('quiet = "300ms"', 'quiet = "300ms", expect = "x"'),
        ('quiet = "300ms"', 'within = "1s"'),
        (', quiet = "100ms"', ""),
        (', quiet = "100ms"', ', expect = "x"'),
        ('quiet = "100ms"', 'send = "x"'),
        ('quiet = "300ms"', "where = []"),
        ('hibernate = "idle"', 'hibernate = "idl"'),
        ('hibernate = "idle"', 'hibernate = "evict"'),
        ("natural = true", "forced = true"),
        ('probe = "asleep"', 'probe = "tired"'),
        ('resume = "ann"', 'resume = ["ann"]'),
        ('resume = "ann", send = "x"', 'resume = "ann"'),
        ('send = "x", where = ["instance != {before}"]', 'send = "x"'),
        ('http = "/push"', 'http = "push"'),
        ('method = "GET"', 'method = "get"'),
        ("status = 404", "status = 99"),
        ("status = 404", 'expect = ["a", "b"]'),
        ("status = 404", "next = true"),
        ('alarm = "fires"', 'alarm = "rings"'),
        ('how = "rst"', 'how = "gone"'),
        ('restart = "object"', 'restart = "universe"'),
        ("repeat = 2", "repeat = 0"),
        ("repeat = 2", 'repeat = 2, claim = "one"'),
        ('steps = [{ idle = "10ms" }]', 'steps = [{ idel = "10ms" }]'),
        ('steps = [{ idle = "10ms" }]', "steps = []"),
        ('id = "one"', 'id = "One"'),
        ('says = "It holds."\n', ""),
        ('source = "https', 'sauce = "https'),
        ('check = "sleeps"', 'check = "sleep"'),
        ('row = "SQLite rows"', 'row = "rows"'),
        ('expects = "survives"', 'expects = "survive"'),
        ('local = "refuted"', 'local = "held"'),
        ('expect = "unknown" }', 'expect = "perhaps" }'),
        ('{ steps = [{ connect = "ann" }] }', "{}"),
        ('{ steps = [{ connect = "ann" }] }', '{ objects = "x" }'),
        ('{ steps = [{ connect = "ann" }] }', '{ steps = [{ conect = "ann" }] }'),
        ('limit = "200ms"', "limit = 200"),
    ],
)
def test_it_refuses_what_the_loader_refuses_for_its_shape(right: str, wrong: str) -> None:
    assert right in RICH
    text = RICH.replace(right, wrong, 1)
    with pytest.raises(ScenarioError):
        parse(text, "rich.toml")
    assert refusals(text)


def test_a_slip_is_told_at_its_place() -> None:
    (error,) = VALIDATOR.iter_errors(tomli.loads(RICH.replace("code = 4000", "code = -9", 1)))
    assert list(error.absolute_path) == ["steps", 14, "code"]


def test_a_misspelt_verb_is_told_as_such() -> None:
    told = refusals(RICH.replace('kill = "bob.2"', 'kil = "bob.2"', 1))
    assert "Additional properties are not allowed ('kil' was unexpected)" in told


def shape_problems(document: dict[str, Any]) -> list[Problem]:
    """Return what the models alone refuse, without the rules that cross the file."""
    problems: list[Problem] = []
    validated(ScenarioFile, document, "a scenario", (), problems)
    nodes_of(document.get("steps"), ("steps",), problems)
    claims = document.get("claim")
    for claim in claims if isinstance(claims, list) else []:
        control = claim.get("control") if isinstance(claim, dict) else None
        nodes_of(control.get("steps") if isinstance(control, dict) else None, (), problems)
    return problems


def toml(value: object) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value)


def places(value: object) -> Iterator[tuple[Any, Any]]:
    """Yield each table or list in the value with each of its keys."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        yield value, key
        yield from places(item)


ODD = [3, -1, 1.5, True, False, "", "x", "*", "1s", "/x", "any", "idle", "evict", [], ["x"], [3], {}, {"x": "y"}]
KEYS = [*sorted({key for verb in VERBS.values() for key in verb.model_fields}), "class", "as", "x"]


@settings(max_examples=settings().max_examples * 4)
@given(st.data())
def test_whatever_is_changed_the_schema_agrees_with_the_models_and_the_loader(data: st.DataObject) -> None:
    document = copy.deepcopy(tomli.loads(RICH))
    for _ in range(data.draw(st.integers(1, 2))):
        all_places = list(places(document))
        owner, key = all_places[data.draw(st.integers(0, len(all_places) - 1))]
        change = data.draw(st.sampled_from(["drop", "replace", "add"]))
        if change == "drop":
            del owner[key]
        elif change == "add" and isinstance(owner, dict):
            owner[data.draw(st.sampled_from(KEYS))] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
        else:
            owner[key] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
    refused = not VALIDATOR.is_valid(document)
    if shape_problems(document):
        assert refused
    if refused:
        text = "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in document.items())
        with pytest.raises(ScenarioError):
            parse(text, "odd.toml")


def described(told: dict[str, Any]) -> bool:
    referred = SCHEMA["definitions"].get(told.get("$ref", "").rpartition("/")[2], {})
    return bool(told.get("description") or referred.get("description"))


def test_every_key_is_described() -> None:
    definitions = {**SCHEMA["definitions"], "the whole": SCHEMA}
    without = [
        f"{name}.{key}"
        for name, definition in definitions.items()
        for key, told in definition["properties"].items()
        if not described(told)
    ]
    assert without == []


def test_every_table_says_what_must_be_given_and_takes_no_other_key() -> None:
    for verb, model in VERBS.items():
        definition = SCHEMA["definitions"][model.__name__]
        assert verb in definition["required"]
        assert definition["additionalProperties"] is False


def test_every_time_has_a_pattern_and_a_default_as_people_write_it() -> None:
    within = SCHEMA["definitions"]["On"]["properties"]["within"]
    assert within["default"] == "5s"
    for time in ("300ms", "1.5s", "2m", "1h"):
        assert re.search(within["pattern"], time)
    for no_time in ("5", "5 s", "s", "-1s", "1d", "x1s"):
        assert not re.search(within["pattern"], no_time)


def subclasses(model: type[BaseModel]) -> set[type[BaseModel]]:
    return {model}.union(*map(subclasses, model.__subclasses__()))


def test_every_validator_of_a_whole_table_has_a_rule() -> None:
    """A model that refuses what no type says needs `rules`, or editors are told nothing of it."""
    by_hand = {model for model, _ in CHOICES} | {model for model in subclasses(Shape) if "rules" in vars(model)}
    with_validator = {
        model for model in subclasses(Shape) if set(model.__pydantic_decorators__.model_validators) & set(vars(model))
    }
    assert {model.__name__ for model in with_validator - by_hand} == set()
    assert len(with_validator) > 5


def test_pages_are_written_where_they_are_not_current(tmp_path: Path) -> None:
    assert [file.name for file in generate_docs.write(tmp_path)] == list(generate_docs.PAGES)
    assert generate_docs.write(tmp_path) == []
    (tmp_path / "scenarios.md").write_text("old")
    assert generate_docs.write(tmp_path) == [tmp_path / "scenarios.md"]
