"""A record whose scenario is no longer the text that was played is an error, and never held."""

import re
from typing import Any

import pytest

from poc_cli.history.event import Event
from tests.unit.judge.histories import History, scenario, tale
from tests.unit.judge.performing import hibernate_run

TEXT = scenario("sleeps", ['{ connect = ["ann"] }', '{ hibernate = "idle" }'])
COMPLAINT = re.compile(r"the scenario's text was edited after the run: its sha256 is \w{64} and should be \w{64}$")


def slept() -> History:
    told = tale(TEXT)
    told.connect()
    told.sleeps()
    return told.done()


def changed(event: Event, **data: Any) -> Event:
    return Event(event.id, event.play, event.t_ns, event.actor, event.kind, event.step, event.data | data)


def edited(history: History, role: str, old: str, new: str) -> Any:
    """Judge a run after the text of its story, or of its controls, was edited."""
    history.events = [
        changed(event, text=event.data["text"].replace(old, new)) if event.data.get("role") == role else event
        for event in history.events
    ]
    return history.judged()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("It is so.", "It is not so."),
        ('hibernate = "idle"', 'hibernate = "evict"'),
        ("\n", "\r\n"),
        ('name = "story"', "name ="),
        (TEXT, ""),
    ],
)
def test_an_edited_story_is_an_error(old: str, new: str) -> None:
    found = edited(slept(), "story", old, new)
    assert (found["exit_code"], found["counts"]["held"]) == (3, 0)
    assert found["scenarios"][0]["verdict"] == "error"
    assert COMPLAINT.match(found["scenarios"][0]["error"])


def test_an_edited_control_is_an_error_of_its_claim() -> None:
    found = edited(hibernate_run(), "control", "hibernate", "hibernated")
    assert found["exit_code"] == 3
    assert found["scenarios"][0]["verdict"] == "error"
    controlled = [claim for claim in found["scenarios"][0]["claims"] if claim["control"] is not None]
    assert controlled
    assert {claim["verdict"] for claim in controlled} == {"error"}
    assert all("was edited after the run" in claim["reason"] for claim in controlled)


def test_a_story_without_its_sha256_is_damaged() -> None:
    history = slept()
    start = next(event for event in history.events if event.kind == "play_start")
    del start.data["sha256"]
    assert 'its "sha256" is missing' in history.judged()["error"]
