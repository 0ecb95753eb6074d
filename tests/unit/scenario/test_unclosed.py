"""What a text never closes is named where it was opened, and nothing is said where there is a doubt."""

from pathlib import Path

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from poc_cli.errors import ScenarioError
from poc_cli.scenario.loader import parse
from poc_cli.scenario.toml_source import lone_bracket
from poc_cli.shipped import shipped


def found(text: str) -> tuple[str, int] | None:
    """Return what is never closed and the number of its line."""
    opener = lone_bracket(text)
    return None if opener is None else (opener.mark, text[: opener.offset].count("\n") + 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('a = {\nb = 1\n[[claim]]\nid = "x"\n', ("{", 1)),
        ('steps = [\n  { connect = "ann" },\n\n[[claim]]\nid = "x"\n', ("[", 1)),
        ('steps = [\n  { connect = "ann",\n  { on = "ann" },\n]\n[[claim]]\n', ("{", 2)),
        ('a = [\n  ["b", "c",\n  { d = 1 },\n]\nx = 1\n', ("[", 1)),
        ("a = [\n  { b = [1, 2 },\n]\n", ("[", 2)),
        ('a = """one\ntwo\n[[claim]]\n', ('"""', 1)),
        ("a = '''one\ntwo''\n", ("'''", 1)),
    ],
)
def test_what_is_never_closed(text: str, told: tuple[str, int]) -> None:
    assert found(text) == told


@pytest.mark.parametrize(
    "text",
    [
        "",
        'a = "{" # {\nb = \'[\'\n"[" = 1',
        'a = """{ [ " "" \\""" {"""\nb = \'\'\'[\'\'\'\'\n',
        '[[claim]]\n["a{b"."c"]\nd = [{ e = [1, { f = {} }] }]\n',
        "a = 1]\nb = [\n",  # which of them is the mistake?
        'a = "never\nb = [\n',  # the parser says it, at its place
        "a = 'never\nb = {\n",
    ],
)
def test_where_there_is_a_doubt_nothing_is_said(text: str) -> None:
    assert lone_bracket(text) is None


@pytest.mark.parametrize("file", sorted(shipped("scenarios").rglob("*.toml")), ids=lambda file: file.stem)
def test_a_shipped_scenario_is_closed(file: Path) -> None:
    assert lone_bracket(file.read_text(encoding="utf-8")) is None


@given(st.text(alphabet="[]{}\"'#\\\n= a,1", max_size=40))
def test_valid_toml_is_always_closed(text: str) -> None:
    opener = lone_bracket(text)
    try:
        tomli.loads(text)
    except tomli.TOMLDecodeError:
        return
    assert opener is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'name = "x"\nobject = { class = "Room"\nclients = { ann = "/" }\nsteps = []\n',
            """\
f.toml:2:10: not valid TOML: the { opened at line 2 is never closed
    2 | object = { class = "Room"
                 ^
  parsing failed at line 3: """,
        ),
        (
            'steps = [\n  { connect = "a" },\n[[claim]]\nid = "c"\n',
            "f.toml:1:9: not valid TOML: the [ opened at line 1 ",
        ),
        ('steps = [\n  { on = "a" send = 1 },\n]\n', "f.toml:2:13: not valid TOML: a comma is missing here, "),
        ("steps = [", "f.toml:1:10: not valid TOML: "),
        ('a = "b\nc = [\n', "f.toml:1:7: not valid TOML: the quotes are not closed on this line"),
    ],
)
def test_the_error_of_a_file_points_at_the_opener(text: str, told: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "f.toml")
    assert str(caught.value).startswith(told)
