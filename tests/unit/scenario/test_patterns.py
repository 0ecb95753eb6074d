"""Patterns on text and binary messages: what they match, what their groups are for, and what is wrong with them."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poc_cli.errors import ScenarioError
from poc_cli.scenario.conditions import lookup, parse
from poc_cli.scenario.expected_message import Expected, expected_by, value_at
from poc_cli.scenario.loader import parse as load
from poc_cli.scenario.loader import read
from poc_cli.scenario.matching import Content, Message, difference, fill, matches, payload, text_message
from poc_cli.scenario.model import On
from poc_cli.scenario.patterns import compiled, filled, matches_any_text
from poc_cli.scenario.values import MISSING

OPEN = '0{"sid":"a1","pingInterval":25000}'
EVENT = '42/chat,7["said",{"text":"hi"}]'
PUBLISH = bytes.fromhex("30060001612a6869")


def on(**keys: object) -> On:
    return On.model_validate({"on": "ann", **keys})


def story(step: str, client: str = '"/room/{play}"') -> str:
    return f"""\
name = "it"
title = "It."
object = {{ class = "Room", name = "{{play}}" }}
clients = {{ ann = {client}, crowd = {{ path = "/room/{{play}}", count = 2 }} }}
vars = {{ word = "a+b", n = 7 }}
steps = [
  {{ connect = "*" }},
  {step},
]
[[claim]]
id = "sleeps"
says = "It sleeps."
check = "sleeps"
"""


def refusal(step: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        load(story(step), "it.toml")
    error = caught.value
    assert error.position is not None
    place = f"{error.position.line}:{error.position.column}"
    return f"{place}: {error.message}" + (f" -> {error.advice}" if error.advice else "")


@pytest.mark.parametrize(
    ("expected", "message", "fits"),
    [
        ({"match": r"^0\{"}, Message(OPEN), True),
        ({"match": r"^0\{"}, Message("40"), False),
        ({"match": "open"}, Message(data=b"open"), False),
        ({"match": "(?i)HI"}, Message('{"text":"hi"}'), True),  # JSON too is the text that it is
        ({"match": "^.$"}, Message("\ud800"), True),
        ({"hex_prefix": "30"}, Message(data=PUBLISH), True),
        ({"hex_prefix": "30 06 00"}, Message(data=PUBLISH), True),
        ({"hex_prefix": "31"}, Message(data=PUBLISH), False),
        ({"hex_prefix": "30"}, Message("0"), False),
        ({"hex_match": "^30..0001(?:61)"}, Message(data=PUBLISH), True),
        ({"hex_match": "^30$"}, Message(data=PUBLISH), False),
        ({"hex_match": "^30"}, Message("30"), False),
    ],
)
def test_forms(expected: object, message: Message, *, fits: bool) -> None:
    assert matches(expected, message) is fits
    assert (difference(expected, message) == "") is fits


@pytest.mark.parametrize(
    ("expected", "message", "why"),
    [
        ({"match": "^0"}, Message("40"), 'expected a text that matches "^0", got "40"'),
        ({"match": "^0"}, Message('{"a":1}'), r'expected a text that matches "^0", got "{\"a\":1}"'),
        ({"match": "^0"}, Message(data=b"\x01"), 'expected a text that matches "^0", got 1 bytes 01'),
        ({"hex_prefix": "00"}, Message(data=b"\x01"), "expected bytes that begin with 00, got 1 bytes 01"),
        ({"hex_match": "^00"}, Message("x"), 'expected bytes whose hex digits match "^00", got "x"'),
    ],
)
def test_why_a_message_does_not_match(expected: object, message: Message, why: str) -> None:
    assert difference(expected, message) == why


@pytest.mark.parametrize("form", [{"match": "x"}, {"hex_match": "^00"}, {"hex_prefix": "00"}])
def test_what_is_only_expected_cannot_be_sent(form: dict[str, str]) -> None:
    [name] = form
    with pytest.raises(ValueError, match=rf"\{{ {name} = … \}} says what is expected and cannot be sent"):
        payload(form)


def test_a_condition_on_the_message_itself() -> None:
    assert parse('@text matches "^0"').holds(Content(Message(OPEN)), {})
    assert parse('@text contains "sid"').holds(Content(Message(OPEN)), {})
    assert not parse('@text matches "^0"').holds(Content(Message(data=b"0")), {})
    assert parse('@hex matches "^30"').holds(Content(Message(data=PUBLISH)), {})
    assert parse("not @hex exists").holds(Content(Message(OPEN)), {})
    assert parse('"@text" == 1').holds(Content(Message('{"@text":1}')), {})  # in quotes it is a key
    assert not parse("@text exists").holds({"@text": 1}, {})


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("@txt", '"@txt" is not a part of a message; did you mean "@text"?'),
        ("@text.a", '"@text.a" is not a path: @text is text, without parts'),
        ("@hex[0]", '"@hex[0]" is not a path: @hex is text, without parts'),
    ],
)
def test_a_part_that_no_message_has(path: str, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        lookup(None, path)
    assert str(caught.value) == why


def test_groups_are_what_paths_see_first() -> None:
    step = on(expect={"match": r'"sid":"(?P<sid>[^"]+)","pingInterval":(?P<every>\d+)'}, where=["every >= 20000"])
    [expected] = expected_by(step, {})
    assert expected.fits(Message(OPEN))
    assert not expected.fits(Message(OPEN.replace("25000", "1")))
    assert value_at("sid", [(expected, Message(OPEN))]) == "a1"
    assert value_at("every", [(expected, Message(OPEN))]) == "25000"
    assert type(value_at("every", [(expected, Message(OPEN))])) is str
    assert value_at("other", [(expected, Message(OPEN))]) is MISSING


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("n == 7", True),
        ('n == "7"', True),
        ("n > 10", False),
        ('n > "10"', True),  # as texts
        ("n != 8", True),
        ("n == true", False),
        ("word == 7", False),
        ("not word == 7", False),
        ("nothing exists", False),
    ],
)
def test_a_group_is_text_and_a_number_where_it_is_compared_with_one(condition: str, *, holds: bool) -> None:
    step = on(expect={"match": r"(?P<n>\d+) (?P<word>\w+)(?P<nothing> x)?"}, where=[condition])
    assert expected_by(step, {})[0].fits(Message("7 up")) is holds


def test_a_group_beside_the_keys_of_the_json() -> None:
    step = on(expect={"match": r'"id":(?P<id>\d+)'}, where=["id == 5", 'kind == "x"'])
    assert expected_by(step, {})[0].fits(Message('{"id":5,"kind":"x"}'))


def test_in_a_list_a_group_is_that_of_the_pattern_that_has_it() -> None:
    step = on(
        expect=[{"match": "^to you, from (?P<id>.+)$"}, {"match": "^to all of (?P<size>.+)$"}],
        where=['id == "a1"', "size == 2"],
    )
    you, everyone = expected_by(step, {})
    assert you.fits(Message("to you, from a1"))
    assert everyone.fits(Message("to all of 2"))
    met = [(you, Message("to you, from a1")), (everyone, Message("to all of 2"))]
    assert value_at("id", met) == "a1"
    assert value_at("size", met) == "2"
    assert value_at("@text", met) == "to all of 2"


def test_what_is_inserted_into_a_pattern_stands_for_itself() -> None:
    form = fill({"match": "^{word}{{1}}$"}, {"word": "a+b"})
    assert matches(form, Message("a+b"))
    assert not matches(form, Message("aab"))
    assert difference(form, Message("x")) == 'expected a text that matches "^a+b{1}$", got "x"'
    assert matches(fill({"hex_match": "^30{id}"}, {"id": "ff"}), Message(data=b"\x30\xff"))


@given(st.text(), st.text(max_size=3), st.text(max_size=3))
def test_any_inserted_text_matches_itself(value: str, before: str, after: str) -> None:
    form = fill({"match": "{value}"}, {"value": value})
    assert matches(form, Message(f"{before}{value}{after}"))


@pytest.mark.parametrize(
    ("text", "prefix", "value"),
    [
        (EVENT, "42/chat,7", ["said", {"text": "hi"}]),
        (OPEN, "0", {"sid": "a1", "pingInterval": 25000}),
        ('{"a":1}', "", {"a": 1}),
        ("2", "", 2),
        ("40", "", 40),
        ("hello", None, MISSING),
        ("[Durable Object] hi", None, MISSING),
        ("", None, MISSING),
        ("42[", None, MISSING),
        ("42" + "[" * 500 + "]" * 500, None, MISSING),
    ],
)
def test_json_after_a_prefix(text: str, prefix: str | None, value: object) -> None:
    message = text_message(text, "json-after-prefix")
    assert message.json == value
    assert message.prefix == prefix
    assert lookup(Content(message), "@prefix") == (MISSING if prefix is None else prefix)


def test_without_a_decoder_a_prefix_is_text() -> None:
    assert Message(EVENT).json is MISSING
    assert text_message(EVENT).json is MISSING
    assert matches({"json": ["said", {"text": "hi"}]}, text_message(EVENT, "json-after-prefix"))
    assert matches(EVENT, text_message(EVENT, "json-after-prefix"))


@given(st.text(), st.sampled_from([None, "json-after-prefix"]))
def test_every_text_can_be_decoded(text: str, decoder: str | None) -> None:
    message = text_message(text, "json-after-prefix" if decoder else None)
    if message.prefix is not None:
        assert text.startswith(message.prefix)
        assert message.json == json.loads(text[len(message.prefix) :])


@given(st.text(max_size=20), st.text(max_size=20), st.binary(max_size=8))
def test_no_pattern_is_a_traceback(pattern: str, text: str, data: bytes) -> None:
    for name in ("match", "hex_match", "hex_prefix"):
        for message in (Message(text), Message(data=data)):
            try:
                found = matches({name: pattern}, message)
            except ValueError:
                continue
            assert isinstance(found, bool)


@given(st.text(alphabet=r"^$.*+?()[]{}|\dwx0-9:<>P=!,n ", max_size=16))
def test_every_pattern_in_a_file_is_read_or_refused_at_its_place(pattern: str) -> None:
    step = f'{{ on = "ann", expect = {{ match = {json.dumps(pattern)} }} }}'
    try:
        scenario = load(story(step), "it.toml")
    except ScenarioError as error:
        line = None if error.position is None else error.position.line
        scenario = None
    if scenario is None:
        assert line == 8
        return
    [_, placed] = scenario.steps
    assert isinstance(placed.step, On)
    assert placed.step.expect == {"match": pattern}
    assert not matches_any_text(compiled(filled(pattern, {"word": "0", "n": "0", "play": "0"})))
    assert placed.step.sentence()


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            r"""{ on = "ann", expect = { match = '(' } }""",
            '8:36: "expect": "(" is not a valid RE2 pattern: missing ): (',
        ),
        (
            r"""{ on = "ann", expect = ["a", { match = '\y' }] }""",
            (
                r'8:42: "expect": "\\y" is not a valid RE2 pattern: invalid escape sequence: \y; RE2 does not know '
                "this escape; to match the character itself, remove the backslash"
            ),
        ),
        (
            r"""{ on = "ann", expect = { match = '(a)\1' } }""",
            (
                r'8:36: "expect": "(a)\\1" is not a valid RE2 pattern: invalid escape sequence: \1; RE2 has no '
                "back-references"
            ),
        ),
        (
            r"""{ on = "ann", expect = { match = '^(?!x)' } }""",
            '8:36: "expect": "^(?!x)" is not a valid RE2 pattern: invalid perl operator: (?!; RE2 has no look-ahead',
        ),
        (
            """{ on = "ann", expect = {}, where = ["kind == 'Blob'"] }""",
            """8:39: "'Blob'" is neither JSON nor a {name}""",
        ),
        (
            r"""{ on = "ann", expect = { match = '.*' } }""",
            (
                '8:36: "expect": ".*" matches every text -> say what it must hold; for any text, use '
                'where = ["@text exists"]'
            ),
        ),
        (
            r"""{ on = "ann", quiet = "1s", like = { match = '' } }""",
            '8:48: "like": "" matches every text -> say what it must hold; for any text, use where = ["@text exists"]',
        ),
        (
            r"""{ on = "ann", expect = { hex_match = '^..' } }""",
            (
                '8:40: "expect": "^.." matches every binary message -> say what it must hold; for any binary message, '
                'use where = ["@hex exists"]'
            ),
        ),
        (
            r"""{ on = "ann", expect = { hex_match = '00' } }""",
            '8:40: "expect": "00" could match in the middle of a byte; begin it with ^',
        ),
        (
            r"""{ on = "ann", expect = { hex_prefix = 'x' } }""",
            '8:41: "expect": { hex_prefix = … } takes pairs of hex digits, not the text "x"',
        ),
        (
            r"""{ on = "ann", expect = { hex_prefix = '' } }""",
            '8:41: "expect": every binary message begins with nothing; for any of them, use where = ["@hex exists"]',
        ),
        (
            r"""{ on = "ann", expect = { match = 3 } }""",
            (
                '8:36: "expect": { match = … } takes a pattern in quotes, not the number 3; as JSON: '
                "{ json = { match = … } }"
            ),
        ),
        (
            r"""{ on = "ann", send = { match = 'x' } }""",
            '8:34: "send": { match = … } says what is expected and cannot be sent; as JSON: { json = { match = … } }',
        ),
        (
            r"""{ on = "ann", send = { match = '{word}' } }""",
            '8:34: "send": { match = … } says what is expected and cannot be sent; as JSON: { json = { match = … } }',
        ),
        (
            r"""{ on = "ann", expect = { match = 'a{nobody}' } }""",
            "8:36: {nobody} is not defined here -> known here: n, play, word (for literal braces, write {{nobody}})",
        ),
        (
            r"""{ on = "ann", expect = { match = '({word}' } }""",
            '8:36: "expect": "(0" is not a valid RE2 pattern: missing ): (0',
        ),
        (
            r"""{ on = "ann", expect = [{ match = '(?P<a>x)y' }, { match = '(?P<a>z)' }] }""",
            '8:26: 2 patterns of this list have a group "a" -> give each a name of its own',
        ),
        (
            r"""{ on = "ann", expect = "x", where = ["@texts exists"] }""",
            '8:40: "@texts" is not a part of a message; did you mean "@text"?',
        ),
        (
            r"""{ on = "ann", expect = { name = "c{i}" } }""",
            "8:35: {i} is not defined here -> known here: n, play, word (for literal braces, write {{i}})",
        ),
        (
            r"""{ on = "*", expect = { name = "c{i}" } }""",
            "8:33: {i} is not defined here -> known here: n, play, word (for literal braces, write {{i}})",
        ),
    ],
)
def test_what_is_wrong_with_a_pattern(step: str, said: str) -> None:
    assert refusal(step) == said


@pytest.mark.parametrize(
    "step",
    [
        r"""{ on = "ann", expect = { match = '^0\{' } }""",
        r"""{ on = "ann", expect = { match = 'of {word}$' }, where = ['@text contains "of"'] }""",
        r"""{ on = "ann", expect = [{ match = 'x' }, { hex_prefix = "00" }, { hex_match = '^00(?P<id>..)' }] }""",
        r"""{ on = "ann", expect = { match = '(?P<id>x)' }, capture = { found = "id", whole = "@text" } }""",
        r"""{ on = "crowd", send = { name = "c{i}" }, expect = { name = "c{i}" }, where = ["n == {i}"] }""",
        r"""{ on = ["crowd.1", "crowd.2"], quiet = "1s", like = { match = 'c{i}$' } }""",
        r"""{ connect = "crowd", path = "/room/{play}?again={i}" }""",
    ],
)
def test_what_is_right(step: str) -> None:
    assert load(story(step), "it.toml").steps[1].step.sentence()


def test_a_condition_whose_pattern_matches_everything(tmp_path: Path) -> None:
    file = tmp_path / "it.toml"
    file.write_text(story("""{ on = "ann", expect = { a = 1 }, where = ['b matches ".*"'] }"""))
    with pytest.raises(ScenarioError) as caught:
        read(file)
    assert caught.value.message == '".*" matches every text'
    assert caught.value.advice == "say what it must hold; that there is a value at all is: b exists"
    assert load(file.read_text(), "it.toml").steps  # a record may have it


def test_a_pattern_is_told_in_words() -> None:
    step = on(expect=[{"match": "^0"}, {"hex_match": "^00"}, {"hex_prefix": "0001"}])
    assert step.sentence().replace("\N{NO-BREAK SPACE}", " ") == (
        'ann expects a text that matches "^0", then bytes whose hex digits match "^00", then bytes that begin with 0001'
    )


def test_an_expectation_of_any_message() -> None:
    assert Expected(None).fits(Message("x"))
    assert Expected(None).difference(Message("x")) == ""
