"""A sleep in a black box: twice one instance, a silence, twice another, on a socket that stayed open; nothing less."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poc_cli.history import event as kinds
from tests.unit.judge.boxes import CONNECT, SLEEP, Box, ask, box, found, sleeping
from tests.unit.judge.histories import scenario

STORY = [CONNECT, ask(), ask(), SLEEP, ask(), ask()]


def told(*before: str) -> Box:
    """Begin the story and let these instances answer before the sleep."""
    story = sleeping(STORY)
    story.connect()
    story.answers(*before)
    return story


def test_two_answers_of_each_instance_around_a_silence_are_a_sleep() -> None:
    story = told("a", "a")
    story.waits(11.3)
    story.answers("b", "b")
    judged = found(story)
    assert judged["verdict"] == "held"
    assert judged["reason"] == (
        "object answered with another instance after 11.3 s in which no client sent anything, with 2 sockets open"
    )
    assert len(judged["evidence"]) == 5


def test_the_sleep_is_told_with_the_silence_and_without_a_length_that_nobody_saw() -> None:
    story = told("a", "a")
    story.waits(11.3)
    story.answers("b", "b")
    (sleep,) = story.done().judged()["scenarios"][0]["sleeps"]
    assert (sleep["oracle"], sleep["way"]) == ("instance", "idle")
    assert (sleep["asleep_ms"], sleep["woke_ms"]) == (None, None)
    assert sleep["silent_ms"] == pytest.approx(11_300, abs=10)


@pytest.mark.parametrize("before", [("a", "b"), ("b", "a")])
def test_two_instances_before_the_silence_are_no_proof(before: tuple[str, str]) -> None:
    story = told(*before)
    story.waits()
    story.answers("c", "c")
    judged = found(story)
    assert judged["verdict"] == "unknown"
    assert "its instance changed within 0.0 s, with its socket open" in judged["reason"]


def test_an_instance_that_is_another_in_every_answer_is_no_proof() -> None:
    story = told("a", "b")
    story.waits()
    story.answers("c", "d")
    assert found(story)["verdict"] == "unknown"


def test_an_instance_that_comes_back_is_no_proof() -> None:
    story = told("a", "a")
    story.waits()
    story.answers("b", "a")
    judged = found(story)
    assert judged["verdict"] == "unknown"
    assert "an instance answered again after another had" in judged["reason"]


def test_processes_that_take_turns_are_no_proof_whatever_the_silences_between() -> None:
    story = sleeping([CONNECT, ask(), ask(), SLEEP, ask(), ask(), SLEEP, ask(), ask()])
    story.connect()
    for instance in ("a", "b"):
        story.answers(instance, instance)
        story.waits()
    story.answers("a", "a")
    assert found(story)["verdict"] == "unknown"


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1), (1, 1)])
def test_one_answer_is_not_enough_on_either_side(before: int, after: int) -> None:
    story = sleeping([CONNECT, *[ask()] * before, SLEEP, *[ask()] * after])
    story.connect()
    story.answers(*["a"] * before)
    story.waits()
    story.answers(*["b"] * after)
    judged = found(story)
    assert judged["verdict"] == "unknown"
    assert "it takes 2 answers of each" in judged["reason"]


@pytest.mark.parametrize("before", [True, False])
def test_questions_of_our_own_are_answers_as_those_of_the_story_are(*, before: bool) -> None:
    steps = [CONNECT, ask(), SLEEP, ask(), ask()] if before else [CONNECT, ask(), ask(), SLEEP, ask()]
    story = sleeping(steps)
    story.connect()
    story.answers("a", *([] if before else ["a"]))
    if before:
        story.asked("ann", "a")
    story.waits()
    story.answers("b", *(["b"] if before else []))
    if not before:
        story.asked("bob", "b")
    assert found(story)["verdict"] == "held"


def test_an_answer_without_the_instance_counts_for_nothing() -> None:
    story = told("a", "a")
    story.waits()
    story.says({"op": "who"})
    story.answers("b")
    assert found(story)["verdict"] == "unknown"


def test_what_a_worker_sends_unasked_counts_for_nothing() -> None:
    story = sleeping([CONNECT, ask(), ask(), SLEEP, ask()])
    story.connect()
    story.hears("ann", {"event": "broadcast", "instance": "z"})  # relayed from another room
    story.answers("a", "a")
    story.waits()
    story.hears("ann", {"event": "broadcast", "instance": "b"})
    story.answers("b")
    assert found(story)["verdict"] == "unknown"


def test_a_pong_is_no_answer_of_the_object() -> None:
    story = sleeping([CONNECT, ask(), ask(), SLEEP, '{ on = "ann", send = "ping", expect = "pong" }', ask()])
    story.connect()
    story.answers("a", "a")
    story.waits()
    story.says("pong")
    story.answers("b")
    assert found(story)["verdict"] == "unknown"


TWO_ROOMS = """\
name = "story"
title = "A story."
object = { class = "Room", name = "{play}" }
clients = { ann = "/room/{play}?name=ann", eve = "/room/{play}-other?name=eve" }
steps = [
  { connect = ["ann", "eve"] },
  { on = "ann", send = { op = "who" }, expect = { op = "who" } },
  { on = "ann", send = { op = "who" }, expect = { op = "who" } },
  { hibernate = "idle" },
  { on = "eve", send = { op = "who" }, expect = { op = "who" } },
  { on = "eve", send = { op = "who" }, expect = { op = "who" } },
]

[[claim]]
id = "it"
says = "It is so."
check = "sleeps"
"""


def test_answers_of_another_room_count_for_nothing() -> None:
    story = box(TWO_ROOMS)
    story.connect()
    story.answers("a", "a")
    story.waits()
    story.answers("b", "b")
    judged = found(story)
    assert judged["verdict"] == "unknown"
    assert "gave no instance id after it was left idle" in judged["reason"]


def test_a_socket_that_was_opened_anew_proves_nothing() -> None:
    story = sleeping([CONNECT, ask(), ask(), SLEEP, '{ connect = ["ann", "bob"] }', ask(), ask()])
    story.connect()
    story.answers("a", "a")
    story.waits()
    story.closed("ann", "bob")
    story.connect()
    story.answers("b", "b")
    judged = found(story)
    assert judged["verdict"] == "unknown"
    assert "no socket stayed open" in judged["reason"]


def test_sockets_that_close_at_the_wake_leave_the_sleep_unknown_and_are_named() -> None:
    story = told("a", "a")
    story.waits()
    story.begins("on")
    story.closed("ann", "bob")
    story.fails("closed", "ann was closed while it waited for an answer")
    judged_history = story.stops()
    reason = judged_history.judged()["scenarios"][0]["claims"][0]["reason"]
    assert "gave no instance id after it was left idle: ann was closed (received 1006)" in reason


DEPLOYS = [CONNECT, ask(), ask(), SLEEP, '{ restart = "deploy" }', CONNECT, ask(), ask()]


def test_a_redeploy_between_makes_it_no_sleep() -> None:
    story = sleeping(DEPLOYS)
    story.connect()
    story.answers("a", "a")
    story.waits()
    story.deploys()
    story.connect()
    story.answers("b", "b")
    assert found(story)["verdict"] == "unknown"


def test_a_redeploy_that_strikes_late_makes_it_no_sleep() -> None:
    story = sleeping([CONNECT, ask(), '{ restart = "deploy" }', ask(), SLEEP, ask(), ask()])
    story.connect()
    story.answers("a")
    story.begins("restart")
    story.add("poc", kinds.FAULT, step=story.next - 1, fault="deploy")  # and the sockets stay, and the old one answers
    story.ends()
    story.answers("a")
    story.waits()
    story.answers("b", "b")
    judged = found(story)
    assert judged["verdict"] == "unknown"
    assert "a fault lay between" in judged["reason"]


def test_a_silence_without_a_wait_for_sleep_is_no_sleep() -> None:
    story = sleeping([CONNECT, ask(), ask(), '{ idle = "12s" }', ask(), ask(), SLEEP, ask(), ask()])
    story.connect()
    story.answers("a", "a")
    story.begins("idle")
    story.passes(12)
    story.ends()
    story.answers("b", "b")
    story.waits()
    story.answers("b", "b")
    judged = found(story)
    assert judged["verdict"] == "unknown"
    assert "object answered with the same instance after 11.0 s" in judged["reason"]


def test_a_wait_in_which_clients_were_never_silent_is_no_sleep() -> None:
    story = told("a", "a")
    story.begins("hibernate")
    for _ in range(6):
        story.passes(2)
        story.hears("ann", {"event": "tick"})
    story.add("object:object", kinds.WAITED, step=story.next - 1, silent_ms=0.0, needed_ms=0.0)
    story.ends()
    story.answers("b", "b")
    judged = found(story)
    assert judged["verdict"] == "unknown"
    assert "after only 2.0 s of silence" in judged["reason"]


def test_another_place_for_the_instance_is_taken_from_the_scenario() -> None:
    text = scenario("sleeps", STORY).replace(
        'name = "{play}" }', 'name = "{play}", instance = "me.boot", sockets = "n" }'
    )
    story = box(text)
    story.connect()
    for boot in (1, 1):
        story.says({"op": "who", "me": {"boot": boot}, "n": 2})
    story.waits()
    for boot in (2, 2):
        story.says({"op": "who", "me": {"boot": boot}})
    assert found(story)["verdict"] == "held"


def test_a_worker_that_tells_no_instance_is_told_where_to_name_one() -> None:
    story = told()
    story.says({"op": "who"})
    story.says({"op": "who"})
    story.waits()
    story.says({"op": "who"})
    story.says({"op": "who"})
    assert 'object = { …, instance = "path" }' in found(story)["reason"]


@given(
    st.lists(st.sampled_from("abc"), min_size=2, max_size=2), st.lists(st.sampled_from("abc"), min_size=2, max_size=2)
)
def test_only_one_order_of_answers_is_a_sleep(before: list[str], after: list[str]) -> None:
    story = told(*before)
    story.waits()
    story.answers(*after)
    proves = len({*before}) == 1 and len({*after}) == 1 and before[0] != after[0]
    assert (found(story)["verdict"] == "held") == proves
