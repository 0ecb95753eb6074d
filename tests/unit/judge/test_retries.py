"""What was given up and played again stands beside the verdicts; what it had shown before that counts with them."""

from typing import Any

import pytest

from poc_cli.history.event import Event
from poc_cli.judge.run_document import document
from tests.unit.judge.histories import Document, History, claims, scenario

CONTROL = 'control = { clients = { ann = "/room/{play}?name=ann&api=standard" }, expect = "unknown" }\n'
TEXT = scenario("sleeps", ['{ connect = ["ann"] }', '{ hibernate = "idle" }'], claim=CONTROL)

HUNG = "the runtime did not answer within 2 s"


def attempted(history: History, play: int, number: int, outcome: str, reason: str = HUNG) -> None:
    label = "story~it" if play else "story"
    told = history.play(TEXT, play, label=label if number == 1 else f"{label}@{number}")
    history.events[-1].data["attempt"] = number
    told.connect()
    if outcome == "done":
        told.sleeps()
    told.ended(outcome, "" if outcome == "done" else reason)


def replayed(judged: Document) -> list[list[dict[str, Any]]]:
    return [scenario["replayed"] for scenario in judged["scenarios"]]


def test_a_run_without_a_mishap_has_none() -> None:
    history = History()
    attempted(history, 0, 1, "done")
    history.left_out("other", "its subject is the timer")
    found = history.end().judged()
    assert replayed(found) == [[], []]
    assert found["repeats"] == {"performances": 1, "repeated": 0, "late": 0, "first": None}


def test_a_story_and_a_control_that_were_played_again() -> None:
    history = History()
    attempted(history, 0, 1, "given_up")
    attempted(history, 1, 1, "given_up")
    attempted(history, 0, 2, "done")
    attempted(history, 1, 2, "done")
    found = history.end().judged()
    assert replayed(found) == [[{"play": "story", "reason": HUNG}, {"play": "story~it", "reason": HUNG}]]
    assert found["repeats"] == {"performances": 2, "repeated": 2, "late": 0, "first": None}


def test_a_performance_that_was_late_twice_is_one_that_was_repeated() -> None:
    history, late = History(), "this machine was too slow: poc itself was paused for up to 0.5 s"
    attempted(history, 0, 1, "given_up")
    attempted(history, 1, 1, "given_up", late)
    attempted(history, 0, 2, "done")
    attempted(history, 1, 2, "given_up", late)
    attempted(history, 1, 3, "done")
    first = {"play": "story~it", "reason": "poc itself was paused for up to 0.5 s"}
    assert history.end().judged()["repeats"] == {"performances": 2, "repeated": 2, "late": 1, "first": first}


def test_what_was_given_up_and_never_played_again_was_not() -> None:
    history = History()
    attempted(history, 0, 1, "given_up")
    attempted(history, 1, 1, "done")
    found = history.end().judged()
    assert replayed(found) == [[]]
    assert found["exit_code"] == 3


def test_what_is_damaged_is_no_crash() -> None:
    history = History()
    attempted(history, 0, 1, "given_up")
    attempted(history, 0, 2, "done")
    whole = history.end().events
    for index, event in enumerate(whole):
        bare = Event(event.id, event.play, event.t_ns, event.actor, event.kind, event.step, {})
        for instead in (bare, None):
            lines: list[Event | None] = [*whole[:index], instead, *whole[index + 1 :]]
            assert all(isinstance(scenario["replayed"], list) for scenario in document(lines)["scenarios"])


@pytest.mark.parametrize("at_step", [None, 2])
def test_what_an_attempt_of_an_older_record_refuted_before_it_was_spoiled_is_not_forgotten(at_step: int | None) -> None:
    read = '{ on = "ann", send = { op = "get" }, expect = { v = 1 }, claim = "it" }'
    other = '{ on = "bob", send = { op = "x" }, expect = { ok = true } }'
    text = scenario("", ['{ connect = ["ann", "bob"] }', read, other])
    history = History()
    told = history.play(text)
    told.connect()
    told.gets_wrong({"v": None})
    told.begins("on")
    if at_step is not None:
        told.fails("silence", "bob got nothing within 5 s")
    told.ended("given_up", "the machine was too busy to tell")
    history.events[-1].data["at_step"] = at_step  # and no step from which on nothing counts
    told = history.play(text, label="story@2")
    history.events[-1].data["attempt"] = 2
    told.connect()
    told.says({"v": 1})
    told.says({"ok": True})
    told.ended("done")
    found = claims(history.end().judged())["it"]
    assert found["verdict"] == "unknown"
    assert "refuted in attempt 1" in found["reason"]
