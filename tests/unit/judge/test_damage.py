"""A record that is not whole is an error, and never held."""

import json
from pathlib import Path
from typing import Any

import pytest

from poc_cli.history.event import Event
from poc_cli.history.reader import events_of, read
from poc_cli.judge.run_document import document
from poc_cli.scenario.loader import text_sha256
from tests.unit.judge.histories import Document, History, scenario, tale, verdicts

TEXT = scenario("sleeps", ['{ connect = ["ann"] }', '{ hibernate = "idle" }'])


def slept() -> History:
    told = tale(TEXT)
    told.connect()
    told.sleeps()
    return told.done()


def judged(lines: list[str]) -> Any:
    return document(list(events_of("\n".join(lines))))


def held(found: Document) -> int:
    count: int = found["counts"]["held"]
    return count


def test_the_whole_record_holds() -> None:
    found = judged(slept().text().splitlines())
    assert (found["exit_code"], held(found)) == (0, 1)


def test_a_play_without_an_end_is_an_error() -> None:
    told = tale(TEXT)
    told.connect()
    told.sleeps()
    found = told.history.end().judged()
    assert (found["exit_code"], held(found)) == (3, 0)
    assert found["scenarios"][0]["error"] == "the record breaks off"


def test_a_run_without_an_end_is_an_error_whatever_its_plays_say() -> None:
    found = judged(slept().text().splitlines()[:-1])
    assert found["exit_code"] == 3
    assert found["error"] == "the record breaks off"


def test_a_last_line_that_was_cut_is_an_error() -> None:
    text = slept().text()
    cut_in_the_run = judged(text[:-5].splitlines())
    assert cut_in_the_run["exit_code"] == 3
    without_the_run_end = text.splitlines()[:-1]
    cut_in_the_play = judged([*without_the_run_end[:-1], without_the_run_end[-1][:-5]])
    assert (cut_in_the_play["exit_code"], held(cut_in_the_play)) == (3, 0)


@pytest.mark.parametrize("junk", ["", "{", "null", '{"id":3}', "\x00\x01", '{"id":3,"play":"x"', "[" * 100_000])
def test_a_damaged_line_in_the_middle_is_an_error_of_every_play(junk: str) -> None:
    lines = slept().text().splitlines()
    for index in range(1, len(lines) - 1):
        found = judged([*lines[:index], junk, *lines[index + 1 :]])
        assert (found["exit_code"], held(found)) == (3, 0), index


def test_a_missing_line_is_an_error() -> None:
    lines = slept().text().splitlines()
    for index in range(len(lines) - 1):
        found = judged(lines[:index] + lines[index + 1 :])
        assert (found["exit_code"], held(found)) == (3, 0), index
    assert "event 3 is missing before line 3" in str(judged(lines[:2] + lines[3:])["error"])


def test_a_doubled_line_is_an_error() -> None:
    lines = slept().text().splitlines()
    for index in range(len(lines)):
        found = judged([*lines[: index + 1], *lines[index:]])
        assert (found["exit_code"], held(found)) == (3, 0), index


def without(event: Event, key: str) -> Event:
    data = {name: value for name, value in event.data.items() if name != key}
    return Event(event.id, event.play, event.t_ns, event.actor, event.kind, event.step, data)


def with_data(event: Event, **data: Any) -> Event:
    return Event(event.id, event.play, event.t_ns, event.actor, event.kind, event.step, event.data | data)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("run_start", "target"),
        ("play_start", "text"),
        ("play_start", "role"),
        ("play_start", "decides"),
        ("play_start", "nonce"),
        ("play_end", "outcome"),
        ("step", "line"),
        ("step_end", "ok"),
        ("in", "ctx"),
        ("out", "how"),
        ("out", "at_last_event_ns"),
        ("out", "at_last_activity_ns"),
    ],
)
def test_an_event_without_what_it_must_say_is_damage(kind: str, key: str) -> None:
    history = slept()
    history.events = [without(event, key) if event.kind == kind else event for event in history.events]
    found = history.judged()
    assert (found["exit_code"], held(found)) == (3, 0)
    assert f'its "{key}" is missing' in found["error"]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("play_end", {"outcome": "fine"}),
        ("out", {"how": "left"}),
        ("out", {"at_ns": True}),
        ("out", {"at_ns": 1.5}),
        ("play_start", {"decides": "it"}),
    ],
)
def test_an_event_that_says_something_else_is_damage(kind: str, data: Any) -> None:
    history = slept()
    history.events = [with_data(event, **data) if event.kind == kind else event for event in history.events]
    found = history.judged()
    assert (found["exit_code"], held(found)) == (3, 0)


def test_a_step_of_no_step_is_damage() -> None:
    history = slept()
    history.add("story", "poc", "step_end", ok=True)
    history.events[-1], history.events[-2] = history.events[-2], history.events[-1]
    history.events = [
        Event(number, event.play, event.t_ns, event.actor, event.kind, event.step, event.data)
        for number, event in enumerate(history.events, start=1)
    ]
    assert "it has no step" in history.judged()["error"]


@pytest.mark.parametrize("kind", ["sent", "received"])
def test_a_message_that_is_none_is_damage(kind: str) -> None:
    told = tale(scenario("sleeps", ['{ connect = ["ann"] }', '{ on = "ann", send = "a", expect = "b" }']))
    told.connect()
    told.says("b")
    history = told.done()
    history.events = [without(event, "text") if event.kind == kind else event for event in history.events]
    assert "its message is missing" in history.judged()["error"]


def test_two_plays_of_one_label_cannot_be_told_apart() -> None:
    history = History()
    for _ in range(2):
        told = history.play(TEXT)
        told.connect()
        told.sleeps()
        told.ended("done")
    found = history.end().judged()
    assert (found["exit_code"], held(found)) == (3, 0)
    assert found["error"] == 'the history holds 2 plays called "story"'


def test_a_scenario_that_was_edited_into_nonsense_is_an_error() -> None:
    history = slept()
    history.events = [
        with_data(event, text="name = ", sha256=text_sha256("name = ")) if event.kind == "play_start" else event
        for event in history.events
    ]
    found = history.judged()
    assert (found["exit_code"], held(found)) == (3, 0)
    assert found["scenarios"][0]["error"].startswith("cannot be judged: ScenarioError: ")


def test_a_play_that_the_scenario_does_not_have_is_an_error() -> None:
    history = slept()
    history.events = [
        with_data(event, decides=["other"]) if event.kind == "play_start" else event for event in history.events
    ]
    found = history.judged()
    assert (found["exit_code"], held(found)) == (3, 0)


def test_events_after_the_end_of_a_play_change_nothing() -> None:
    told = tale(TEXT)
    told.connect()
    told.begins("hibernate")
    told.ends()
    told.ended("done")
    told.leaves()
    assert verdicts(told.history.end()) == {"it": "unknown"}


def test_events_of_a_play_that_never_began_change_nothing() -> None:
    history = History()
    history.add("ghost", "object:object", "in", process=1, ctx=1, at_ns=1)
    assert history.end().judged()["scenarios"] == []


def test_an_empty_history_is_an_error() -> None:
    assert document([])["exit_code"] == 3


def test_a_record_of_binary_messages_with_a_secret_taken_out_is_not_a_crash(tmp_path: Path) -> None:
    told = tale(scenario("delivered-once", ['{ connect = ["ann"] }', '{ on = "ann", send = { id = 1 } }']))
    told.connect()
    told.says()
    told.add("ann", "received", hex="00[secret]ff", bytes=20)
    path = tmp_path / "history.ndjson"
    path.write_text(told.done().text())
    found = document(read(path))
    assert json.loads(json.dumps(found)) == found
    assert found["scenarios"][0]["claims"][0]["verdict"] == "unknown"


def attempted(history: History, number: int, outcome: str) -> None:
    told = history.play(TEXT, label=f"story@{number}" if number > 1 else "story")
    start = history.events[-1]
    history.events[-1] = with_data(start, attempt=number)
    told.connect()
    if outcome == "done":
        told.sleeps()
    told.ended(outcome, "the side-car did not answer within 2 s")


def test_a_play_that_was_spoiled_gives_way_to_its_next_attempt() -> None:
    history = History()
    attempted(history, 1, "given_up")
    attempted(history, 2, "done")
    found = history.end().judged()
    assert (found["exit_code"], held(found), len(found["scenarios"])) == (0, 1, 1)


@pytest.mark.parametrize("outcomes", [["given_up"], ["given_up", "given_up"], ["given_up", "error"]])
def test_a_play_that_was_spoiled_and_not_played_well_again_is_an_error(outcomes: list[str]) -> None:
    history = History()
    for number, outcome in enumerate(outcomes, start=1):
        attempted(history, number, outcome)
    found = history.end().judged()
    assert (found["exit_code"], held(found)) == (3, 0)
    assert len(found["scenarios"]) == 1
