"""At the end of a story, messages whose delivery a claim is about are waited for; nothing else is."""

import pytest

from poc_cli.history import event as kinds
from tests.support.fake_run import Played, play, story

OPEN = '{ connect = ["ann", "bob"] }'
ECHO = '{ on = "ann", send = { op = "echo", id = 2 }, expect = { id = 2 } }'


def slow(ms: int) -> str:
    return f'{{ on = "ann", send = {{ op = "slow", id = 1, ms = {ms} }} }}'


def once(*steps: str) -> Played:
    return play(story(OPEN, *steps, check="delivered-once", claim='by = "id"'))


def lasted_s(played: Played) -> float:
    sent = next(each for each in played.of(kinds.SENT) if '"id":1' in each.data["text"].replace(" ", ""))
    return (played.of(kinds.PLAY_END)[-1].t_ns - sent.t_ns) / 1e9


@pytest.mark.parametrize("ms", [100, 3000, 4900])
def test_an_answer_that_the_story_does_not_wait_for_is_waited_for(ms: int) -> None:
    played = once(slow(ms), ECHO)
    assert played.verdicts == {"it": "held"}
    assert lasted_s(played) == pytest.approx(ms / 1000, abs=0.2)


def test_what_does_not_come_in_five_seconds_is_lost() -> None:
    played = once('{ on = "ann", send = { op = "swallow", id = 1 } }', ECHO)
    assert played.verdicts == {"it": "refuted"}
    assert lasted_s(played) == pytest.approx(5, abs=0.2)


def test_nothing_is_waited_for_that_no_connection_can_bring() -> None:
    played = once(ECHO, slow(3000), '{ kill = ["ann", "bob"] }')
    assert played.verdicts == {"it": "unknown"}
    assert lasted_s(played) < 1


def test_nothing_is_waited_for_where_no_claim_asks_for_it() -> None:
    assert lasted_s(play(story(OPEN, slow(3000), ECHO))) < 1
