"""Common mistakes in a file: each is told at its place, with what to write instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poc_cli.errors import ScenarioError
from poc_cli.scenario.duration import seconds
from poc_cli.scenario.loader import parse

STORY = """\
name = "it"
title = "It."
object = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}" }
steps = [
  { connect = "ann" },
  { idle = "1s" },
]

[[claim]]
id = "sleeps"
says = "It sleeps."
check = "sleeps"
"""

IDLE = '{ idle = "1s" }'
LONG = "x" * 250


def refused(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "it.toml")
    return str(caught.value)


def test_what_the_mistakes_are_made_in_is_right() -> None:
    assert parse(STORY, "it.toml").document.name == "it"


@pytest.mark.parametrize(
    ("old", "new", "place", "said"),
    [
        (
            "[[claim]]",
            "[claim]",
            "10:2",
            (
                '"claim" must be a list, not a table\n   10 | [claim]\n         ^\n'
                "  begin each of them with [[claim]], in two brackets"
            ),
        ),
        (
            IDLE,
            '{ on = 3, send = "x" }',
            "7:10",
            (
                '"on" must be a name or a list, not the number 3\n    7 |   { on = 3, send = "x" },\n'
                '                 ^\n  name one or several: on = "ann" or on = ["ann", "bob"]'
            ),
        ),
        (
            IDLE,
            '{ http = "GET" }',
            "7:12",
            (
                '"http" must be a path that starts with "/" or "{origin}/", not the text "GET"\n'
                '    7 |   { http = "GET" },\n                   ^\n'
                '  the method has a key of its own: { http = "/…", method = "GET" }'
            ),
        ),
        (
            '{ connect = "ann" },',
            '{ connect = "ann" }  # it is, "here"',
            "6:22",
            (
                "not valid TOML: a comma is missing here, between two elements of this list\n"
                '    6 |   { connect = "ann" }  # it is, "here"\n                             ^'
            ),
        ),
        (
            '"Room", name',
            '"Room" name',
            "3:26",
            (
                "not valid TOML: a comma is missing here, between two keys of this table\n"
                '    3 | object = { class = "Room" name = "{play}" }\n                                 ^'
            ),
        ),
        (
            'check = "sleeps"',
            'check = "storage-survives"\nmatrix = { row = "SQL rows", expects = "survives" }',
            "14:10",
            (
                '"matrix": "SQL rows" is not a row of the matrix; did you mean "SQLite rows"?\n'
                '   14 | matrix = { row = "SQL rows", expects = "survives" }\n                 ^'
            ),
        ),
        (
            IDLE,
            f'{{ on = "ann", send = "{LONG}", expects = 1 }}',
            "7:278",
            (
                f'"expects" is not a key of "on"\n    7 | …{"x" * 47}", expects = 1 }},\n{" " * 59}^\n'
                '  did you mean "expect"?'
            ),
        ),
        (
            IDLE,
            f'{{ idl = "1s", claim = "{LONG}" }}',
            "7:5",
            (
                f'"idl" is not a verb\n    7 |   {{ idl = "1s", claim = "{"x" * 30}…\n            ^\n'
                '  did you mean "idle"?'
            ),
        ),
    ],
)
def test_a_mistake_is_told_with_what_to_write(old: str, new: str, place: str, said: str) -> None:
    assert STORY.count(old) == 1
    assert refused(STORY.replace(old, new)) == f"it.toml:{place}: {said}"


@pytest.mark.parametrize(
    ("old", "new", "place", "message", "advice"),
    [
        ('"It sleeps."', "“It sleeps.”", "12:8", "not valid TOML: this is not a value", "use straight quotes"),
        ('"1s"', "True", "7:12", "not valid TOML: this is not a value", "true and false are written in lowercase"),
        ('"1s"', "null", "7:12", "not valid TOML: this is not a value", "TOML has no null: leave the key out"),
        ('"1s"', "1s", "7:13", "not valid TOML: a comma", None),
        ('"1s"', "soon", "7:12", "not valid TOML: this is not a value", 'text stands in quotes: "soon"'),
        ('check = "', 'check == "', "13:8", "not valid TOML: this is not a value", 'one "=" is enough'),
        ("steps = [", "// steps\nsteps = [", "5:1", "not valid TOML: a line begins with", "comments begin with #"),
        ("steps = [", "[[steps]]", "6:3", "not valid TOML: a line begins with", "the steps stand in a list"),
        ('"It sleeps."', r'"It \sleeps."', "12:14", "not valid TOML: this backslash escapes", r"write \\, or put"),
        ('check = "sleeps"', "limit = 05", "13:10", "not valid TOML: the line should have ended", "a number has no"),
        (IDLE, IDLE + "}", "7:18", "not valid TOML: this } closes nothing", "remove it"),
        (IDLE, '{ idle = "1s", idle = "2s" }', "7:29", "not valid TOML: this key already has a value", None),
        (IDLE, '{ sleep = "1s" }', "7:5", '"sleep" is not a verb', '{ hibernate = "idle" } puts the object to sleep'),
        (IDLE, '{ send = "x" }', "7:3", "this step has no verb", 'say who sends it: { on = "ann", send = … }'),
        (IDLE, '{ hibernate = "idel" }', "7:17", '"hibernate" must be "idle" or "evict"', 'did you mean "idle"?'),
        (IDLE, '{ repeat = "3", steps = [] }', "7:14", '"repeat" must be a whole number', "write it without quotes"),
        (IDLE, '{ http = "PUT /a" }', "7:12", '"http" must be a path', 'the method has a key of its own: { http = "/a'),
        ('"/room/{play}"', '"room/{play}"', "4:13", '"path" must be a path', 'did you mean "/room/{play}"?'),
        ('"/room/{play}"', '"wss://a.example/b"', "4:13", '"path" must be a path', "only the path stands here"),
        ('name = "it"', 'name = "My it"', "1:8", '"name" must be a name of', 'did you mean "my-it"?'),
        ('{ class = "Room", name = "{play}" }', '"Room"', "3:10", '"object" must be a table', "write it like: object"),
        (
            IDLE,
            '{ on = "ann", expect = { a = 1 }, where = "a = 1" }',
            "7:45",
            '"where" must be a list',
            'conditions stand in a list: where = ["a = 1"]',
        ),
    ],
)
def test_a_slip_is_told_with_the_right_words(old: str, new: str, place: str, message: str, advice: str | None) -> None:
    assert STORY.count(old) == 1
    said = refused(STORY.replace(old, new))
    assert said.startswith(f"it.toml:{place}: {message}")
    assert (f"^\n  {advice}" in said) if advice else said.endswith("^")


@pytest.mark.parametrize(("written", "meant"), [("=", "=="), ("=!", "!="), ("=>", ">=")])
def test_an_operator_of_another_language_is_told_as_what_is_meant(written: str, meant: str) -> None:
    said = refused(STORY.replace(IDLE, f'{{ on = "ann", expect = "x", where = ["a {written} 1"] }}'))
    assert f'"{written}" is not an operator; did you mean "{meant}"?' in said


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        ('{\n  "name": "it"\n}\n', "JSON"),
        ('  {"name":"it"}', "JSON"),
        ("name: it\ntitle: It.\n", "YAML"),
        ("# a story\n\n---\nname: it\n", "YAML"),
        ("name:\n  - it\n", "YAML"),
    ],
)
def test_another_format_is_called_by_its_name(text: str, format_: str) -> None:
    said = refused(text)
    assert said.startswith(f"it.toml:1:1: not valid TOML: this looks like {format_}\n")
    assert said.endswith('\n  in TOML a key and its value are written: name = "…"')


@pytest.mark.parametrize(
    ("given_", "meant"),
    [
        ("5 sec", "5s"),
        ("5 seconds", "5s"),
        ("300 ms", "300ms"),
        ("1.5 Minutes", "1.5m"),
        ("2hrs", "2h"),
        ("10", "10s"),
        (10, "10s"),
        (0.5, "0.5s"),
        ("soon", None),
        ("5 days", None),
        (True, None),
        ([1], None),
    ],
)
def test_the_duration_that_was_meant(given_: object, meant: str | None) -> None:
    with pytest.raises(ValueError, match="a duration is written like") as caught:
        seconds(given_)
    assert str(caught.value).partition("; ")[2] == ("" if meant is None else f'did you mean "{meant}"?')
    if meant is not None:
        assert seconds(meant) > 0


@given(st.integers(0, len(STORY)), st.sampled_from(['"', ",", "]", "}", "[", "{", "=", "\n", "#", " ", "'", "é"]))
def test_a_character_too_many_or_too_few_is_an_error_with_a_place_or_none(at: int, mark: str) -> None:
    for text in (STORY[:at] + mark + STORY[at:], STORY[:at] + STORY[at + 1 :]):
        try:
            parse(text, "it.toml")
        except ScenarioError as error:
            told = error
        else:
            continue
        assert told.position is not None
        assert str(told).startswith(f"it.toml:{told.position.line}:{told.position.column}: ")


@pytest.mark.parametrize("heading", ["[claim]]", "[[claim]", "[claim"])
def test_brackets_of_a_heading_that_do_not_match(heading: str) -> None:
    told = refused(STORY.replace("[[claim]]", heading))
    assert told.startswith("it.toml:10:1: not valid TOML: the brackets of this heading do not match\n")
    assert told.endswith("\n  each entry of a list begins with [[claim]]")
