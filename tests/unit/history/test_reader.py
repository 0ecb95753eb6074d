"""The reader takes any file in any state: each line is an event or None, and nothing is repaired."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poc_cli.errors import PocError
from poc_cli.history.event import Event
from poc_cli.history.reader import event_of, events_of, read

FIELDS: dict[str, Any] = {
    "id": 1,
    "play": "story",
    "t_ns": 5,
    "actor": "ann",
    "kind": "sent",
    "step": None,
    "data": {"text": "a"},
}


def test_a_line_is_read_as_it_was_written() -> None:
    event = Event(3, "story", 17, "ann", "received", 2, {"text": "ä\n\u2028", "bytes": 6})
    assert event_of(event.line()) == event


def test_a_line_has_no_line_inside() -> None:
    assert "\n" not in Event(1, "a\nb", 1, "c\r\n", "d", None, {"e": "\n"}).line()


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_that_is_missing_makes_it_none(name: str) -> None:
    assert event_of(json.dumps({key: value for key, value in FIELDS.items() if key != name})) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "1"),
        ("id", True),
        ("id", 1.0),
        ("id", None),
        ("play", 1),
        ("t_ns", False),
        ("t_ns", None),
        ("actor", []),
        ("kind", {}),
        ("step", "0"),
        ("step", True),
        ("data", []),
        ("data", None),
    ],
)
def test_a_field_of_another_kind_makes_it_none(name: str, value: object) -> None:
    assert event_of(json.dumps(FIELDS | {name: value})) is None


@pytest.mark.parametrize(
    "line", ["", "x", "null", "[]", '"text"', "{", "1", "[" * 200_000, '{"id":' + "9" * 5000 + "}", "\x00", "\ufeff{}"]
)
def test_what_is_no_event_is_none(line: str) -> None:
    assert event_of(line) is None


def test_fields_of_a_later_format_do_no_harm() -> None:
    assert event_of(json.dumps(FIELDS | {"later": 1})) == Event(**FIELDS)


def test_each_line_counts_and_empty_ones_do_not() -> None:
    line = json.dumps(FIELDS)
    assert list(events_of(f"{line}\n\njunk\n{line}")) == [Event(**FIELDS), None, Event(**FIELDS)]


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PocError, match=r"cannot read .*: No such file") as caught:
        read(tmp_path / "history.ndjson")
    assert "a run folder contains a history.ndjson" in str(caught.value)


def test_a_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PocError, match="cannot read"):
        read(tmp_path)


def test_what_could_be_waited_for_in_vain_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "history.ndjson")
    with pytest.raises(PocError, match="not a regular file"):
        read(tmp_path / "history.ndjson")


@pytest.mark.parametrize(("written", "told"), [("poc.history/2", '"poc.history/2"'), (7, "7"), ("\x1b[2J", "u001b")])
def test_a_record_of_another_format_is_not_read_as_if_it_were_ours(tmp_path: Path, written: object, told: str) -> None:
    path = tmp_path / "history.ndjson"
    path.write_text(json.dumps(FIELDS | {"kind": "run_start", "data": {"format": written}}))
    with pytest.raises(PocError) as caught:
        read(path)
    assert told in caught.value.message
    assert caught.value.message.endswith(", but this version of poc reads poc.history/1")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.binary(max_size=200))
def test_any_bytes_can_be_read(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "history.ndjson"
    path.write_bytes(junk)
    assert all(event is None or isinstance(event, Event) for event in read(path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(junk=st.binary(max_size=80).filter(lambda junk: b"\n" not in junk and junk != b""))
def test_junk_between_two_lines_costs_one_line_and_no_more(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "history.ndjson"
    line = json.dumps(FIELDS).encode()
    path.write_bytes(line + b"\n" + junk + b"\n" + line + b"\n")
    assert read(path) == [Event(**FIELDS), None, Event(**FIELDS)]


@given(st.text(max_size=100))
def test_any_text_is_an_event_or_none(text: str) -> None:
    event = event_of(text)
    assert event is None or event_of(event.line()) == event


@given(st.integers(0, len(json.dumps(FIELDS)) - 1))
def test_a_line_that_was_cut_is_none(length: int) -> None:
    assert event_of(json.dumps(FIELDS)[:length]) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def value_by_the_standard_library(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


@given(value=json_values, ascii_only=st.booleans(), data=st.data())
def test_the_data_is_what_the_standard_library_reads(
    value: object,
    ascii_only: bool,  # noqa: FBT001 - drawn
    data: st.DataObject,
) -> None:
    text = json.dumps({"value": value}, ensure_ascii=ascii_only)
    at = data.draw(st.integers(0, len(text)))
    instead = data.draw(st.sampled_from(["", "0", "\\ud800", "\x01", '"', "NaN"]))
    for each in (text, text[:at] + instead + text[at + 1 :]):
        expected = value_by_the_standard_library(each)
        event = event_of(with_data(each))
        assert repr(None if event is None else event.data) == repr(expected if isinstance(expected, dict) else None)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2,"b":3}',
        '{"a":1e400}',
        '{"a":-0}',
        '{"a":-0.0}',
        '{"a":1.0}',
        '{"a":0.1}',
        '{"a":5e-324}',
        '{"a":1.7976931348623157e308}',
        '{"a":2.2250738585072011e-308}',
        '{"a":123456789012345678901234567890}',
        '{"a":NaN}',
        '{"a":-Infinity}',
        '{"a":"\\u0000"}',
        '{"a":"\\ud83d\\ude00"}',
        '{"a":"\\ud83d"}',
        '{"a":"\\ude00"}',
        ' \t{"a":1}\r',
    ],
)
def test_data_at_the_edges_is_what_the_standard_library_reads(text: str) -> None:
    event = event_of(with_data(text))
    assert event is not None
    assert repr(event.data) == repr(json.loads(text))


def with_data(text: str) -> str:
    return json.dumps(FIELDS).replace(json.dumps(FIELDS["data"]), text)
