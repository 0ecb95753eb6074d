"""The same instance after a silence in a black box: how long it must be to refute a sleep, and what it leaves open."""

from tests.unit.judge.boxes import CONNECT, SLEEP, Box, ask, found, sleeping, slept_in

STORY = [CONNECT, ask(), ask(), SLEEP, ask(), ask()]


def told(*before: str) -> Box:
    """Begin the story and let these instances answer before the sleep."""
    story = sleeping(STORY)
    story.connect()
    story.answers(*before)
    return story


def test_the_same_instance_after_thirteen_seconds_refutes() -> None:
    story = told("a", "a")
    story.waits(13.1)
    story.answers("a", "a")
    judged = found(story)
    assert judged["verdict"] == "refuted"
    assert judged["reason"] == "object answered with the same instance after 13.1 s in which no client sent anything"


def test_the_same_instance_after_less_leaves_it_unknown() -> None:
    story = told("a", "a")
    story.waits(12.5)
    story.answers("a", "a")
    assert found(story)["verdict"] == "unknown"


def test_where_rooms_of_our_own_sleep_later_so_does_what_is_refuted() -> None:
    for seconds, verdict in ((22.9, "unknown"), (23.2, "refuted")):
        story = told("a", "a")
        slept_in(20.0, story.history)
        story.waits(seconds)
        story.answers("a", "a")
        assert found(story)["verdict"] == verdict


def test_an_instance_that_is_kept_through_sleep_is_red_and_never_held() -> None:
    story = told("a", "a")
    slept_in(10.0, story.history)
    story.waits(13.5)
    story.answers("a", "a")
    assert found(story)["verdict"] == "refuted"


def test_every_wait_has_to_be_a_sleep() -> None:
    story = sleeping([CONNECT, ask(), ask(), SLEEP, ask(), ask(), SLEEP, ask(), ask()])
    story.connect()
    story.answers("a", "a")
    story.waits()
    story.answers("b", "b")
    story.waits()
    story.answers("b", "b")
    judged = found(story)
    assert judged["verdict"] == "unknown"
    assert "no sleep is proven in the hibernate step" in judged["reason"]
