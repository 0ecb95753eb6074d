"""Templates: what is filled in, with which type, and which braces are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poc_cli.scenario.templates import UnknownNameError, names_in, render, render_text, templates_in, whole_name

NAMES: dict[str, object] = {"play": "p1", "n": 3, "table": {"a": [1, None]}, "yes": True, "a.b_2": "dotted"}


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("/room/{play}", "/room/p1"),
        ("{play}{n}", "p13"),
        ("{a.b_2}", "dotted"),
        ("is {yes}", "is true"),
        ("see {table}", 'see {"a":[1,null]}'),
        ("{Play} {1} {} { play } {play", "{Play} {1} {} { play } {play"),
        ("{{play}}", "{play}"),
        ("{{ x }}", "{ x }"),
        ("{{{play}}}", "{p1}"),
        ('{"a":{"b":1}}', '{"a":{"b":1}}'),
        ('{"a":{"b":"{play}"}}', '{"a":{"b":"p1"}}'),
        ('{"a":{"b":{n}}}', '{"a":{"b":3}}'),
        ("}} {{", "}} {"),
        ("", ""),
    ],
)
def test_text(text: str, rendered: str) -> None:
    assert render(text, NAMES) == rendered


def test_a_lone_template_keeps_the_type_of_its_value() -> None:
    assert render({"count": "{n}", "all": "{table}"}, NAMES) == {"count": 3, "all": {"a": [1, None]}}
    assert render("{yes}", NAMES) is True


def test_a_template_among_other_text_is_pasted_as_text() -> None:
    assert render(" {n}", NAMES) == " 3"


def test_rendering_goes_deep_and_leaves_keys_and_other_values() -> None:
    assert render({"{play}": ["{play}", 1, None, {"x": "{n}"}]}, NAMES) == {"{play}": ["p1", 1, None, {"x": 3}]}


def test_a_filled_in_value_is_not_filled_in_again() -> None:
    assert render("{a} {a}", {"a": "{b}", "b": "no"}) == "{b} {b}"


def test_render_text_gives_text_for_a_lone_template_too() -> None:
    assert render_text("{n}", NAMES) == "3"
    assert render_text("{table}", NAMES) == '{"a":[1,null]}'


@pytest.mark.parametrize("text", ["{nope}", "a {nope}", "{play.x}", "{play.}"])
def test_an_unknown_name_is_an_error(text: str) -> None:
    with pytest.raises(UnknownNameError, match="is not defined here"):
        render(text, NAMES)


def test_names() -> None:
    value = {"{key}": ["{a} {b.c}", {"x": "{{no}} {a}"}], "n": 3}
    assert names_in(value) == {"a", "b.c"}
    assert list(templates_in(value, ("top",))) == [
        (("top", "{key}", 0), "a"),
        (("top", "{key}", 0), "b.c"),
        (("top", "{key}", 1, "x"), "a"),
    ]
    assert whole_name("{a}") == "a"
    assert whole_name("{a} ") is None


@given(st.text(alphabet="{}ab ", max_size=20))
def test_what_names_no_name_is_known_to_need_none(text: str) -> None:
    names = names_in(text)
    assert render_text(text, dict.fromkeys(names, "")) is not None
    if names:
        with pytest.raises(UnknownNameError):
            render(text, {})
