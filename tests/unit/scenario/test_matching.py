"""Matching: subsets, forms, and one sentence that says where a message differs."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poc_cli.scenario.matching import (
    DEEPEST_JSON,
    LARGEST_MESSAGE,
    Message,
    bytes_in_pieces,
    check_form,
    difference,
    expected_messages,
    length_asked,
    matches,
    payload,
    text_message,
)
from poc_cli.scenario.values import MISSING


def text(value: str) -> Message:
    return Message(text=value)


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ({"ok": True}, text('{"ok": true, "more": 1}')),
        ({"a": {"b": 1}}, text('{"a": {"b": 1, "c": 2}}')),
        ({"a": [{"b": 1}]}, text('{"a": [{"b": 1, "c": 2}]}')),
        ({"n": 1}, text('{"n": 1.0}')),
        ({}, text('{"any": 1}')),
        ("pong", text("pong")),
        ('{"a":1}', text('{"a":1}')),
        (3, text("3.0")),
        (True, text("true")),
        ({"json": "pong"}, text('"pong"')),
        ({"json": [1, 2]}, text("[1, 2]")),
        ({"json": {"text": "hi"}}, text('{"text": "hi", "more": 1}')),
        ({"text": "a", "more": 1}, text('{"text": "a", "more": 1}')),
        ({"text": "pong"}, text("pong")),
        ({"hex": "00 ff"}, Message(data=b"\x00\xff")),
        ({"bytes": 3}, Message(data=b"abc")),
        ({"json_text": "null"}, text(" null ")),
        ({"json_text": '{"value": null}'}, text('{"value": null, "more": 1}')),
    ],
)
def test_messages_that_match(expected: object, message: Message) -> None:
    assert matches(expected, message)
    assert difference(expected, message) == ""


@pytest.mark.parametrize(
    ("expected", "message", "sentence"),
    [
        ({"value": "blue"}, text('{"value": null}'), 'value: expected "blue", got null'),
        ({"value": "blue"}, text('{"ok":true}'), 'value: expected "blue", but it is missing in {"ok": true}'),
        ({"a": {"b": [{"c": 1}]}}, text('{"a":{"b":[{"c":2}]}}'), "a.b[0].c: expected 1, got 2"),
        ({"a": [1, 2]}, text('{"a":[1]}'), "a: expected 2 elements, got 1: [1]"),
        ({"a": [1, 2]}, text('{"a":[2, 1]}'), "a[0]: expected 1, got 2"),
        ({"odd key": 1}, text('{"odd key": 2}'), '"odd key": expected 1, got 2'),
        ({"n": True}, text('{"n": 1}'), "n: expected true, got 1"),
        ({"n": 0}, text('{"n": false}'), "n: expected 0, got false"),
        ({"n": "1"}, text('{"n": 1}'), 'n: expected "1", got 1'),
        ({"n": {}}, text('{"n": []}'), "n: expected {}, got []"),
        ("pong", text('"pong"'), 'expected the text "pong", got "\\"pong\\""'),
        ("pong", Message(data=b"pong"), 'expected the text "pong", got 4 bytes 706f6e67'),
        ({"text": "hi"}, text('{"text":"hi"}'), 'expected the text "hi", got {"text": "hi"}'),
        ({"ok": True}, text("pong"), 'expected the JSON {"ok": true}, got "pong"'),
        ({"json": "pong"}, text("pong"), 'expected the JSON "pong", got "pong"'),
        ({"ok": True}, text("NaN"), 'expected the JSON {"ok": true}, got "NaN"'),
        ({"hex": "00ff"}, Message(data=b"\x00"), "expected 2 bytes 00ff, got 1 bytes 00"),
        ({"hex": "6869"}, text("hi"), 'expected 2 bytes 6869, got "hi"'),
        ({"bytes": 3}, text("abc"), 'expected 3 bytes, got "abc"'),
        ({"bytes": 3}, Message(data=b"x" * 20), "expected 3 bytes, got 20 bytes " + "78" * 16 + "…"),
        ({"json_text": "null"}, text("0"), "expected null, got 0"),
        ({"a": 1}, text('{"a":"\\u001b[31m\\u202e\\ud800"}'), 'a: expected 1, got "\\u001b[31m\\u202e\\ud800"'),
        ({"a": 1}, text(json.dumps({"a": "x" * 200})), 'a: expected 1, got "' + "x" * 78 + "…"),
    ],
)
def test_messages_that_differ(expected: object, message: Message, sentence: str) -> None:
    assert not matches(expected, message)
    assert difference(expected, message) == sentence


def test_exact_allows_no_other_keys_at_any_depth() -> None:
    message = text('{"a": {"b": 1, "c": 2}}')
    assert matches({"a": {"b": 1, "c": 2}}, message, exact=True)
    assert difference({"a": {"b": 1}}, message, exact=True) == "a.c: expected nothing, got 2"
    assert difference({}, message, exact=True) == 'a: expected nothing, got {"b": 1, "c": 2}'


def test_a_bare_list_is_several_messages_and_json_makes_it_one() -> None:
    assert expected_messages([{"a": 1}, "b"]) == [{"a": 1}, "b"]
    assert expected_messages({"json": [1, 2]}) == [{"json": [1, 2]}]
    assert expected_messages("b") == ["b"]


def test_only_text_that_is_json_has_a_value() -> None:
    assert text("null").json is None
    assert text("nul").json is MISSING
    assert text("Infinity").json is MISSING
    assert Message(data=b"1").json is MISSING
    assert text("9" * 5000).json is MISSING


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_json_nested_beyond_reading_is_text_and_no_error(opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    for depth in (DEEPEST_JSON + 1, 900, 100_000):
        message = text(opening * depth + "1" + closing * depth)
        assert message.json is MISSING
        assert difference({"a": 1}, message).startswith('expected the JSON {"a": 1}, got "')
    deepest = text(opening * DEEPEST_JSON + "1" + closing * DEEPEST_JSON)
    assert deepest.json is not MISSING
    assert difference({"json": deepest.json}, deepest) == ""


_EDGES = ["", " ", " 1 ", "-0", "1E400", "01", "NaN", "-Infinity", "[1,]", '"\\ud800"', '"\ud800"', "\ufeff1", "tru"]


def _read_by_the_standard_library(text: str) -> object:
    def no_constant(name: str) -> object:
        raise ValueError(name)

    try:
        return json.loads(text, parse_constant=no_constant)
    except ValueError:
        return MISSING


@pytest.mark.parametrize("text", _EDGES)
def test_a_text_is_json_where_the_standard_library_says_so(text: str) -> None:
    assert repr(Message(text).json) == repr(_read_by_the_standard_library(text))


@given(st.text() | st.floats().map(repr) | st.integers().map(str))
def test_any_text_is_json_where_the_standard_library_says_so(text: str) -> None:
    assert repr(Message(text).json) == repr(_read_by_the_standard_library(text))


def test_short_messages_that_come_again_are_one() -> None:
    assert text_message('{"n":1}') is text_message('{"n":1}')
    assert text_message("x" * 5000) == Message("x" * 5000)


def test_many_brackets_are_not_taken_for_deep_nesting() -> None:
    assert text(json.dumps([[]] * 1000)).json == [[]] * 1000


@pytest.mark.parametrize(
    ("send", "wire"),
    [
        ("ping", "ping"),
        ({"op": "get", "keys": [1, 2.5, True], "é": "ü"}, '{"op":"get","keys":[1,2.5,true],"é":"ü"}'),
        (3, "3"),
        (False, "false"),
        ({"json": "ping"}, '"ping"'),
        ({"json": [1, {"a": 2}]}, '[1,{"a":2}]'),
        ({"json": {"hex": "00"}}, '{"hex":"00"}'),
        ({"text": "ping"}, "ping"),
        ({"text": "a", "hex": "00"}, '{"text":"a","hex":"00"}'),
        ({"hex": "00fF 10"}, b"\x00\xff\x10"),
        ({"bytes": 0}, b""),
        ({"json_text": ' {"a" : null} '}, ' {"a" : null} '),
        ({"half": "\ud800"}, '{"half":"\\ud800"}'),
        ([1], "[1]"),
    ],
)
def test_payload(send: object, wire: str | bytes) -> None:
    assert payload(send) == wire


def test_bytes_count_up_so_that_a_shift_shows() -> None:
    sent = payload({"bytes": 300})
    assert isinstance(sent, bytes)
    assert len(sent) == 300
    assert sent[:3] == b"\x00\x01\x02"
    assert sent[256:258] == b"\x00\x01"


@pytest.mark.parametrize("count", [0, 1, 256, (1 << 18) - 1, 1 << 18, (1 << 20) + 257])
def test_some_bytes_made_in_pieces_are_the_same(count: int) -> None:
    message = {"bytes": count}
    assert length_asked(message) == count
    assert bytes(bytes_in_pieces(count)) == payload(message)


@pytest.mark.parametrize("message", ["text", {"json": {"bytes": 5}}, {"bytes": 5, "op": "flood"}, 5])
def test_only_the_form_asks_for_bytes(message: object) -> None:
    assert length_asked(message) == 0


@pytest.mark.parametrize(
    ("send", "sentence"),
    [
        ({"text": 3}, "{ text = … } takes text, not the number 3; as JSON: { json = { text = … } }"),
        ({"hex": "abc"}, '{ hex = … } takes pairs of hex digits, not the text "abc"'),
        ({"hex": 12}, "{ hex = … } takes pairs of hex digits, not the number 12"),
        ({"bytes": -1}, "{ bytes = … } takes a number of bytes up to 67108864, not the number -1"),
        ({"bytes": True}, "{ bytes = … } takes a number of bytes up to 67108864, not true"),
        (
            {"bytes": LARGEST_MESSAGE + 1},
            "{ bytes = … } takes a number of bytes up to 67108864, not the number 67108865",
        ),
        ({"json_text": "{"}, '"{" is not JSON'),
        ({"json_text": {}}, "{ json_text = … } takes JSON in quotes, not a table"),
        ({"n": float("inf")}, "JSON has no nan and infinity; write them as text"),
        ("\ud800", '"\\ud800" cannot be encoded as UTF-8, so it cannot be sent as text'),
    ],
)
def test_what_cannot_be_sent(send: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".*") as caught:
        payload(send)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("form", [{"text": 3}, {"hex": "abc"}, {"bytes": "3"}, {"json_text": "{"}])
def test_a_malformed_form_is_known_before_it_is_sent(form: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        check_form(form)


@pytest.mark.parametrize(
    "form", ["text", 3, {"text": 3, "hex": "abc"}, {"bytes": LARGEST_MESSAGE}, {"json": {"hex": 1}}]
)
def test_anything_else_is_well_formed(form: object) -> None:
    check_form(form)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(json_values)
def test_what_is_sent_as_json_is_what_is_expected(value: object) -> None:
    wire = payload({"json": value})
    assert isinstance(wire, str)
    assert matches({"json": value}, text(wire), exact=True)


@given(json_values, json_values)
def test_a_difference_is_named_exactly_where_there_is_no_match(expected: object, actual: object) -> None:
    message = text(json.dumps(actual))
    assert matches({"json": expected}, message) == (difference({"json": expected}, message) == "")


@given(st.text())
def test_any_text_can_be_matched_and_shown(value: str) -> None:
    assert matches(value, text(value))
    assert str(text(value)).isprintable()
