"""What is in flight when a story ends is waited for, for as long as a step would wait and no longer."""

import pytest

from poc_cli.history import event as kinds
from tests.support.fake_run import Meddle, Played, late_at, play, story
from tests.support.virtual import SECOND
from tests.unit.engine.test_steps import runtime_late_at

OPEN = '{ connect = ["ann", "bob"] }'


def sent(op: str = "echo", times: int = 100, more: str = "", late: Meddle | None = None) -> Played:
    """Play a story that sends messages and waits for no answer."""
    sends = f'{{ on = "ann", send = {{ op = "{op}", id = "{{i}}"{more} }} }}'
    steps = f'{{ repeat = {times}, as = "i", steps = [{sends}] }}'
    return play(story(OPEN, steps, check="delivered-once"), meddle=late)


def waited_s(played: Played) -> float:
    """Return how long passed from the last message to the end."""
    return (played.one(kinds.PLAY_END).t_ns - played.of(kinds.SENT)[-1].t_ns) / SECOND


def test_a_hundred_that_nobody_waits_for_are_answered() -> None:
    played = sent()
    assert played.verdicts == {"it": "held"}
    assert waited_s(played) < 0.1


def test_an_answer_that_takes_its_time_is_waited_for() -> None:
    played = sent("slow", 1, ", ms = 3000")
    assert played.verdicts == {"it": "held"}
    assert waited_s(played) == pytest.approx(3.0, abs=0.1)


def test_one_that_never_comes_is_missed() -> None:
    played = sent("swallow", 2)
    assert played.verdicts == {"it": "refuted"}
    assert waited_s(played) == pytest.approx(5.0, abs=0.1)


@pytest.mark.parametrize("late", [late_at(1.0, 6.0), runtime_late_at(1.0, 6.0)])
def test_who_is_late_puts_it_off(late: Meddle) -> None:
    assert sent("slow", 1, ", ms = 3000", late=late).verdicts == {"it": "held"}


def test_a_story_without_such_a_claim_ends_at_once() -> None:
    swallowed = '{ on = "ann", send = { op = "swallow", id = 1 } }'
    assert waited_s(play(story(OPEN, swallowed))) < 0.1


def test_nothing_comes_on_connections_that_have_ended() -> None:
    ends = '{ close = ["ann", "bob"] }'
    swallowed = '{ on = "ann", send = { op = "swallow", id = 1 } }'
    played = play(story(OPEN, swallowed, ends, check="delivered-once"))
    assert waited_s(played) < 0.1
    assert played.verdicts == {"it": "unknown"}


def test_hearers_are_waited_for_although_the_sender_has_its_answer() -> None:
    answered = '{ on = "ann", send = { op = "echo", id = 1 }, expect = { id = 1 } }'
    played = play(story(OPEN, answered, check="heard-by-all"))
    assert played.verdicts == {"it": "refuted"}
    assert waited_s(played) == pytest.approx(5.0, abs=0.1)


def test_who_has_left_is_not_waited_for() -> None:
    answered = '{ on = "ann", send = { op = "echo", id = 1 }, expect = { id = 1 } }'
    played = play(story(OPEN, answered, '{ close = "bob" }', check="heard-by-all"))
    assert played.verdicts == {"it": "unknown"}
    assert waited_s(played) < 0.1
