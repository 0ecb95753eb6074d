"""Module state: what was held after a sleep is held only if it still is once module state has been put back."""

from dataclasses import replace
from typing import Any

import pytest

from poc_cli.history import event as kinds
from poc_cli.judge.module_state_verdict import PUT_BACK
from poc_cli.scenario.loader import parse
from poc_cli.scenario.module_state_claims import resting_on_state
from poc_cli.scenario.plays import CONFIRM, plays_of
from tests.unit.judge.histories import FILE, History, Tale, finding, scenario

STEPS = [
    '{ connect = "ann" }',
    '{ on = "ann", send = { op = "get" }, expect = { value = "blue" } }',
    '{ hibernate = "idle" }',
    '{ resume = "ann", send = { op = "get" }, expect = { value = "blue" }, claim = "it" }',
]
TEXT = scenario("storage-survives", STEPS)
TOPICS = {"name": "topics", "script": "src/index.ts", "line": 3}
IDS = {"name": "ids", "script": "src/index.ts", "line": 9}


def held(text: str = TEXT) -> History:
    """Return a run whose story held."""
    history = History()
    history.events[0].data["module_state"] = PUT_BACK
    told = history.play(text)
    told.connect()
    told.says({"value": "blue"})
    told.sleeps()
    told.says({"value": "blue"})
    told.ended("done")
    return history


def again(history: History, text: str = TEXT, label: str = "story!modules") -> Tale:
    """Begin the same story with module state reset, up to its sleep."""
    play = replace(plays_of(parse(text, FILE))[0], label=label, role=CONFIRM)
    told = Tale(history, play, text)
    told.connect()
    told.says({"value": "blue"})
    return told


def sleeps(told: Tale, *changed: Any, left: tuple[Any, ...] = (), others: tuple[str, ...] = ()) -> None:
    """Let the object sleep, and module state be put back."""
    told.begins("hibernate")
    told.leaves("evict", 0.1)
    put_back(told, *changed, left=left, others=others)
    told.ends()


def put_back(told: Tale, *changed: Any, left: tuple[Any, ...] = (), others: tuple[str, ...] = ()) -> None:
    data: dict[str, Any] = {"at": "sleep", "changed": list(changed), "left": list(left), "others": list(others)}
    told.add("object:object", kinds.MODULE_STATE, step=told.next - 1, **data)


def test_what_was_lost_with_module_state_was_only_held_there() -> None:
    history = held()
    told = again(history)
    sleeps(told, TOPICS)
    told.gets_wrong({"value": None})
    found = finding(told.done())
    assert found["verdict"] == "refuted"
    assert found["reason"].startswith(
        'it held only because of module state "topics" (src/index.ts:3): with it put back, '
    )
    assert found["held_of"] == {"k": 0, "n": 1}


def test_what_survives_without_module_state_has_survived() -> None:
    history = held()
    told = again(history)
    sleeps(told, TOPICS)
    told.says({"value": "blue"})
    assert finding(told.done())["verdict"] == "held"


def test_a_worker_that_had_changed_nothing_needs_no_more() -> None:
    history = held()
    told = again(history)
    sleeps(told)
    told.ended("error", "the machine was too busy to tell")
    assert finding(history.end())["verdict"] == "held"


def test_what_cannot_be_put_back_may_be_what_survived() -> None:
    history = held()
    told = again(history)
    sleeps(told, TOPICS, IDS, left=(IDS,))
    told.says({"value": "blue"})
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert '"ids" (src/index.ts:9) changed in module state and could not be put back' in found["reason"]


def test_the_play_with_all_modules_loaded_decides() -> None:
    history = held()
    before = again(history)
    sleeps(before, TOPICS, IDS, left=(IDS,))
    before.says({"value": "blue"})
    before.ended("done")
    told = again(history, label="story!modules-loaded")
    sleeps(told, TOPICS)
    told.says({"value": "blue"})
    assert finding(told.done())["verdict"] == "held"


@pytest.mark.parametrize("evicted", [[], ["Store 12ab"]])
def test_what_was_lost_with_an_object_that_the_story_does_not_name_is_not_held(evicted: list[str]) -> None:
    history = held()
    told = again(history)
    sleeps(told)
    history.events[-2].data["evicted"] = evicted
    told.gets_wrong({"value": None})
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert ("it held, but not after Store 12ab had left memory too" in found["reason"]) == bool(evicted)


def test_a_failure_with_half_of_it_put_back_refutes_nothing() -> None:
    history = held()
    told = again(history)
    sleeps(told, TOPICS, IDS, left=(IDS,))
    told.gets_wrong({"value": None})
    assert finding(told.done())["verdict"] == "unknown"


def test_a_failure_while_another_object_shared_the_modules_refutes_nothing() -> None:
    history = held()
    told = again(history)
    sleeps(told, TOPICS, others=("Lobby 12ab",))
    told.gets_wrong({"value": None})
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert found["reason"].endswith("Lobby 12ab was in memory meanwhile and shares the isolate")


def test_an_object_that_woke_before_is_no_confirmation() -> None:
    history = held()
    told = again(history)
    told.begins("hibernate")
    told.leaves("evict", 0.1)
    told.enters(why="alarm")
    put_back(told)
    told.ends()
    told.says({"value": "blue"})
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert "object woke before module state was put back" in found["reason"]


def test_one_that_ended_itself_did_not_sleep() -> None:
    history = held()
    told = again(history)
    told.leaves("dropped", 0.1)
    told.enters(why="fetch")
    sleeps(told)
    told.says({"value": "blue"})
    assert finding(told.done())["verdict"] == "held"


@pytest.mark.parametrize(("check", "verdict"), [("holds-after-loss", "held"), ("storage-survives", "unknown")])
def test_one_that_woke_after_the_last_step_of_the_claim_takes_nothing_back(check: str, verdict: str) -> None:
    text = scenario(check, STEPS)
    history = held(text)
    told = again(history, text)
    sleeps(told)
    told.says({"value": "blue"})
    told.leaves("idle", 10.0)
    told.enters(why="alarm")
    assert finding(told.done())["verdict"] == verdict


def test_an_earlier_step_that_is_no_longer_met_refutes_what_comes_after_it() -> None:
    unnamed = '{ on = "ann", send = { op = "get" }, expect = { value = "blue" } }'
    text = scenario("storage-survives", [*STEPS[:3], unnamed, STEPS[3].replace("resume", "on")])
    history = History()
    history.events[0].data["module_state"] = PUT_BACK
    story = history.play(text)
    story.connect()
    story.says({"value": "blue"})
    story.sleeps()
    story.says({"value": "blue"})
    story.says({"value": "blue"})
    story.ended("done")
    told = again(history, text)
    sleeps(told, TOPICS)
    told.gets_wrong({"value": None})
    found = finding(told.stops())
    assert (found["verdict"], found["reason"].split(":")[0]) == (
        "refuted",
        'it held only because of module state "topics" (src/index.ts',
    )


def test_what_a_pinned_stranger_may_have_kept_in_a_field_is_not_known_to_survive() -> None:
    history = held()
    told = again(history)
    sleeps(told, others=("Keeper abc",))
    told.says({"value": "blue"})
    told.add("poc", kinds.MODULE_STATE, at="end", changed=[], left=[], others=[], kept=["Keeper abc"])
    found = finding(told.done())
    assert (found["verdict"], found["reason"]) == (
        "unknown",
        "it held, but Keeper abc was pinned and kept its fields, so that may be what survived",
    )


@pytest.mark.parametrize("outcome", ["error", "interrupted"])
def test_a_play_that_could_not_be_carried_out_confirms_nothing(outcome: str) -> None:
    history = held()
    again(history).ended(outcome, "the inspector is gone")
    assert finding(history.end())["verdict"] == "unknown"


def test_what_fails_when_nothing_was_put_back_is_unsteady() -> None:
    history = held()
    told = again(history)
    sleeps(told)
    told.gets_wrong({"value": None})
    assert finding(told.done())["verdict"] == "unknown"


def test_a_story_that_was_not_played_again_is_unknown() -> None:
    found = finding(held().end())
    assert found["verdict"] == "unknown"
    assert "there is no confirming play with module state put back" in found["reason"]


def test_a_story_that_is_known_is_not_played_again() -> None:
    history = held()
    start = next(event for event in history.events if event.kind == kinds.PLAY_START)
    subject = {name: start.data[name] for name in ("scenario", "file", "sha256")}
    history.add("run", "poc", kinds.CONFIRMED, by="an earlier run", **subject)
    assert finding(history.end())["verdict"] == "held"


def test_an_older_record_says_nothing_of_module_state_and_is_judged_as_it_was() -> None:
    history = held()
    del history.events[0].data["module_state"]
    assert finding(history.end())["verdict"] == "held"


def test_what_was_refuted_is_not_asked_again() -> None:
    history = History()
    history.events[0].data["module_state"] = PUT_BACK
    told = history.play(TEXT)
    told.connect()
    told.says({"value": "blue"})
    told.sleeps()
    told.gets_wrong({"value": None})
    assert "module state" not in finding(told.done())["reason"]


@pytest.mark.parametrize(
    ("check", "rests"),
    [
        ("storage-survives", True),
        ("attachments-survive", True),
        ("connections-survive", True),
        ("", True),
        ("sleeps", False),
        ("memory-is-reset", False),
        ("no-wake", False),
    ],
)
def test_only_claims_that_state_could_meet_are_confirmed(check: str, rests: bool) -> None:  # noqa: FBT001
    story = plays_of(parse(scenario(check, STEPS), FILE))[0]
    assert resting_on_state(story) == ({"it"} if rests else set())


def test_a_claim_that_is_decided_before_the_sleep_rests_on_nothing() -> None:
    named = '{ on = "ann", send = { op = "get" }, expect = { value = "blue" }, claim = "it" }'
    steps = [STEPS[0], named, STEPS[2]]
    assert resting_on_state(plays_of(parse(scenario("", steps), FILE))[0]) == set()


def test_whether_an_object_is_in_memory_rests_on_nothing() -> None:
    steps = [*STEPS[:3], '{ on = "ann", send = { op = "get" } }', '{ probe = "awake", claim = "it" }']
    assert resting_on_state(plays_of(parse(scenario("", steps), FILE))[0]) == set()


def test_an_object_that_is_ended_alone_keeps_its_modules_too() -> None:
    steps = [STEPS[0], STEPS[1], '{ restart = "object" }', STEPS[0], STEPS[3].replace("resume", "on")]
    assert resting_on_state(plays_of(parse(scenario("storage-survives", steps), FILE))[0]) == {"it"}


def test_a_new_process_has_new_modules() -> None:
    steps = [STEPS[0], STEPS[1], '{ restart = "crash" }', STEPS[0], STEPS[3].replace("resume", "on")]
    assert resting_on_state(plays_of(parse(scenario("storage-survives", steps), FILE))[0]) == set()
