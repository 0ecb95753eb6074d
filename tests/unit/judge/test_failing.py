"""What a worker throws and nobody catches refutes `no-event-fails`, and is warned of where no claim tells of it."""

from typing import Any

import pytest

from tests.unit.judge.histories import History, Tale, finding, scenario, tale, verdicts

STEPS = ['{ connect = ["ann", "bob"] }', '{ on = "ann", send = "hi", expect = "hi" }', '{ probe = "awake" }']
THREW: dict[str, Any] = {
    "name": "TypeError",
    "message": "no name",
    "stack": [],
    "event": "webSocketMessage",
    "handler": "webSocketMessage",
    "script": "src/room.ts",
    "line": 5,
}


def told(check: str = "no-event-fails", *, claim: str = "", throws: str = "") -> Tale:
    text = scenario(check, STEPS, claim=claim)
    found = tale(text.replace("object =", f"{throws}object =", 1))
    found.connect()
    found.says("hi")
    return found


def ended(found: Tale) -> History:
    found.probe("awake")
    return found.done()


def test_nothing_thrown_is_held() -> None:
    found = finding(ended(told()))
    assert (found["verdict"], found["reason"]) == ("held", "nothing was thrown in 1 stay in memory")


@pytest.mark.parametrize(("actor", "whose"), [("object:object", " of object"), ("worker", " of worker")])
def test_what_nothing_caught_is_refuted(actor: str, whose: str) -> None:
    story = told()
    thrown = [story.add(actor, "threw", **THREW).id, story.add(actor, "threw", **THREW).id]
    found = finding(ended(story))
    assert found["verdict"] == "refuted"
    assert found["reason"] == f"webSocketMessage{whose} threw TypeError: no name (src/room.ts:5), and 1 more"
    assert found["evidence"] == thrown


def test_what_another_object_throws_is_not_this_claims() -> None:
    story = told(claim='of = ["object"]')
    story.add("worker", "threw", **THREW)
    assert verdicts(ended(story)) == {"it": "held"}


def test_a_story_that_did_not_look_has_not_shown_it() -> None:
    steps = STEPS[:2]
    story = tale(scenario("no-event-fails", steps))
    story.connect()
    story.says("hi")
    found = finding(story.done())
    assert found["verdict"] == "unknown"
    assert found["reason"].endswith("end the story with a probe, after a step that gets an answer")


def test_nor_has_one_that_stopped() -> None:
    assert verdicts(told().stops()) == {"it": "unknown"}


def test_it_is_warned_of_where_no_claim_tells_of_it() -> None:
    story = told("sleeps")
    first = story.add("object:object", "threw", **THREW)
    story.add("object:object", "threw", **THREW)
    assert ended(story).judged()["uncaught"] == [
        {
            "scenario": "story",
            "threw": "webSocketMessage threw TypeError: no name (src/room.ts:5)",
            "times": 2,
            "first": first.id,
        }
    ]


def test_not_where_a_claim_does_or_where_it_is_meant() -> None:
    for story in (told(), told("sleeps", throws="throws = true\n")):
        story.add("object:object", "threw", **THREW)
        assert ended(story).judged()["uncaught"] == []
