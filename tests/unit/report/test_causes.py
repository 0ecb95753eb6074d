"""Causes: which claims one step failed, and what is told about that step."""

from typing import Any

import pytest

from poc_cli.report.cause_lines import again, step_text
from poc_cli.report.failure_causes import Cause, Causes
from poc_cli.report.junit import junit
from poc_cli.report.markdown import markdown
from poc_cli.report.styled import plain
from poc_cli.report.text import lines
from poc_cli.scenario.expected_message import Expected
from poc_cli.scenario.matching import Message
from poc_cli.scenario.message_diff import differences, nearest
from tests.unit.judge.histories import History, scenario

ASKS = '{ on = "ann", send = "a", expect = { op = "who", name = "ann", seat = { row = 7 } }, claim = "it" }'

TWO = """
[[claim]]
id   = "other"
says = "Another one."
"""


def run_of(steps: list[str], *, more: str = "") -> tuple[History, Any]:
    history = History()
    return history, history.play(scenario("", ['{ connect = "*" }', *steps], more=more))


def causes_of(history: History) -> list[Cause]:
    judged = history.judged()
    return Causes(history.events).of(judged["scenarios"][0])


def test_all_keys_that_differ_are_told_and_the_ids_of_all_other_messages() -> None:
    history, tale = run_of([ASKS])
    tale.connect()
    tale._begin_exchange()
    tale.hears("ann", {"op": "joined"}, {"op": "who", "name": "bob", "seat": {"row": 7}}, "hello")
    tale.fails("mismatch", "ann got 3 messages, none as expected; the nearest, event 11: name: expected ann, got bob")
    tale.done()
    (cause,) = causes_of(history)
    assert cause.step is not None
    found = step_text(cause.step, again(history.judged(), cause.scenario))
    assert found[0] == "scenarios/story.toml:7:3"
    assert found[1] == f"  7 | {ASKS},"
    ids = [event.id for event in history.events if event.kind == "received"]
    at = next(place for place, line in enumerate(found) if line.startswith("expected "))
    assert f"the nearest of 3 messages, event {ids[1]}, differs:" in found[at]
    assert found[at + 1 : at + 3] == ['  - name: "ann"', '  + name: "bob"']
    assert found[at + 3] == f"the others are events {ids[0]}, {ids[2]}"
    assert found[-1] == "rerun: poc run scenarios/story.toml"


def test_the_command_to_copy_plays_the_story_without_its_controls() -> None:
    history, tale = run_of([ASKS], more='control = { clients = { ann = "/room/{play}?broken" } }')
    history.events[0].data["options"] = ["--sleep", "evict"]
    tale.connect()
    tale.ended("stopped", "on failed")
    judged = history.end().judged()
    assert again(judged, judged["scenarios"][0]) == "poc run scenarios/story.toml --only story --sleep evict"


def test_claims_that_one_close_failed_are_told_under_the_step_in_which_it_came() -> None:
    says = '{ on = "ann", send = "a", expect = "b", claim = "%s" }'
    history, tale = run_of([says % "it", says % "other"], more=TWO)
    tale.connect()
    for number in range(2):
        tale._begin_exchange()
        if not number:
            tale.closed("ann", clean=True, code=1012)
        tale.fails("closed", "ann could not send: received 1012")
    tale.done()
    (cause,) = causes_of(history)
    assert [claim["id"] for claim in cause.claims] == ["it", "other"]
    assert cause.step is not None
    assert cause.step.line == 7
    judged = history.judged()
    told = [plain(line) for line in lines(judged, "results/a-run", history.events)]
    assert sum(line.strip().startswith("rerun:") for line in told) == 1
    assert any(line.endswith("other, by the same step") for line in told)
    assert markdown(judged, history.events).count("```text") == 1
    assert "by the same step as it: scenarios/story.toml:7:3" in junit(judged, history.events)


def test_a_scenario_that_stopped_where_a_claim_failed_does_not_tell_it_twice() -> None:
    history, tale = run_of(['{ on = "ann", send = "a", expect = "b" }', ASKS])
    tale.connect()
    tale.gets_wrong("c")
    tale.stops("on failed at scenarios/story.toml:7:3: got 1 message, not as expected")
    judged = history.judged()
    told = [plain(line) for line in lines(judged, "results/a-run", history.events)]
    assert sum("7:3" in line and not line.strip().startswith('"') for line in told) <= 2
    assert not any(line.startswith("  stopped") for line in told)
    assert "ended early" not in markdown(judged, history.events)


def test_why_a_step_failed_is_told_unless_a_claim_says_so() -> None:
    history, tale = run_of([ASKS])
    tale.connect()
    tale._begin_exchange()
    tale.fails("silence", "ann got nothing within 5 s")
    tale.done()
    (cause,) = causes_of(history)
    assert cause.step is not None
    told = [*step_text(cause.step, ""), *(claim["reason"] for claim in cause.claims)]
    assert sum("ann got nothing within 5 s" in each for each in told) == 1


def test_what_the_worker_threw_is_told_with_its_number() -> None:
    history, tale = run_of([ASKS])
    tale.connect()
    tale._begin_exchange()
    for _ in range(2):
        data = {"name": "TypeError", "message": "no", "event": "x", "stack": [], "handler": "webSocketMessage"}
        tale.add("object:object", "threw", step=1, **data)
    tale.fails("silence", "ann got nothing within 5 s")
    tale.done()
    (cause,) = causes_of(history)
    assert cause.step is not None
    first = next(event.id for event in history.events if event.kind == "threw")
    assert cause.step.thrown == (f"webSocketMessage threw TypeError: no (2 times, first event {first})",)


def test_without_a_history_each_claim_is_its_own_cause() -> None:
    history, tale = run_of([ASKS])
    tale.connect()
    tale.gets_wrong("c")
    tale.done()
    (cause,) = Causes().of(history.judged()["scenarios"][0])
    assert cause.step is None


FORM = {"op": "who", "name": "ann"}


@pytest.mark.parametrize(
    ("form", "texts", "best", "keys"),
    [
        (FORM, ['{"op":"who"}', '{"op":"x"}'], 0, ["name"]),
        (FORM, ['{"op":"x","name":"y"}', '{"op":"x"}'], 1, ["op", "name"]),
        (FORM, ["hello", "[]"], 1, [""]),
        ({"a": [1, {"b": 2}]}, ['{"a":[1,{"b":3}]}', '{"a":[1]}'], 0, ["a[1].b"]),
        ("b", ["a", "c"], 1, []),
    ],
)
def test_the_nearest_message_agrees_in_the_most_keys(form: Any, texts: list[str], best: int, keys: list[str]) -> None:
    expected = Expected(form)
    messages = [Message(text) for text in texts]
    assert nearest(expected, messages) == best
    assert [each.path for each in differences(expected, messages[best])] == keys


def test_a_key_too_many_differs_only_where_the_match_is_exact() -> None:
    message = Message('{"op":"who","name":"ann","more":1}')
    assert differences(Expected(FORM), message) == []
    assert [str(each) for each in differences(Expected(FORM, exact=True), message)] == ["more: expected nothing, got 1"]
