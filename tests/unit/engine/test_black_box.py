"""Which plays in a black box are performed once more, and why."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from poc_cli.engine.black_box import BlackBox
from poc_cli.history import event as kinds
from tests.unit.judge.boxes import CONNECT, SLEEP, ask, sleeping
from tests.unit.judge.boxes import Box as Tale

if TYPE_CHECKING:
    from poc_cli.engine.canaries import Canaries
    from poc_cli.engine.context import PlayContext

STAYS = '{ hibernate = "idle", natural = true, claim = "it" }'


def left_alone(seconds: float, before: str = "aa", after: str = "aa", *, check: str = "sleeps") -> Tale:
    hibernate = SLEEP if check == "sleeps" else STAYS
    told = sleeping([CONNECT, ask(), ask(), hibernate, ask(), ask()], check)
    told.connect()
    told.answers(*before)
    told.waits(seconds)
    told.answers(*after)
    return told


def box(told: Tale, asleep_by: float = 13.0) -> BlackBox:
    """Return what the engine has at hand after a play that was told."""
    start, *events = (event for event in told.history.events if event.play == told.label)
    context = SimpleNamespace(play=told.play, events=events, objects=told.play.objects)
    watch = SimpleNamespace(is_ours=False, asleep_by_seconds=asleep_by)
    return BlackBox(cast("PlayContext", context), cast("Canaries", watch), told.label, start)


def test_an_object_that_slept_is_enough() -> None:
    assert box(left_alone(11.0, "aa", "bb")).reason_to_repeat(is_story=True) is None


def test_an_object_that_was_still_there_gets_more_patience() -> None:
    told = box(left_alone(11.0)).reason_to_repeat(is_story=True)
    assert told is not None
    assert told.reason.startswith("object answered with the same instance after 11.0 s")
    assert told.reason.endswith("; repeating the play with a longer wait")


def test_after_the_longest_silence_there_is_no_more_patience() -> None:
    assert box(left_alone(13.1)).reason_to_repeat(is_story=True) is None
    assert box(left_alone(13.1), asleep_by=33.0).reason_to_repeat(is_story=True) is not None


def test_an_object_that_should_stay_may() -> None:
    assert box(left_alone(11.0, check="stays-awake")).reason_to_repeat(is_story=True) is None


def test_a_control_is_performed_once() -> None:
    assert box(left_alone(11.0)).reason_to_repeat(is_story=False) is None


def test_what_a_story_did_not_get_it_misses_twice() -> None:
    told = sleeping([CONNECT, ask(), SLEEP])
    told.connect()
    told.gets_nothing()
    again = box(told).reason_to_repeat(is_story=True)
    assert again is not None
    assert again.reason == "got nothing within 5 s, though the runtime answers; repeating the play"
    assert again.cut_step is not None
    assert box(told).reason_to_repeat(is_story=False) is None


@pytest.mark.parametrize("is_story", [True, False])
def test_who_could_not_connect_in_time_tries_again(*, is_story: bool) -> None:
    told = sleeping([CONNECT, ask(), SLEEP])
    told.begins("connect")
    told.add("ann", kinds.OPEN_FAILED, said="the handshake took more than 5 s", late=True)
    again = box(told).reason_to_repeat(is_story=is_story)
    assert again is not None
    assert again.reason == "ann could not connect in time; repeating the play"


def test_who_was_refused_does_not() -> None:
    told = sleeping([CONNECT, ask(), SLEEP])
    told.begins("connect")
    told.add("ann", kinds.OPEN_FAILED, said="the server answered 403", late=False)
    assert box(told).reason_to_repeat(is_story=True) is None


def test_it_is_known_whether_an_object_was_still_there_when_it_was_last_left_alone() -> None:
    assert box(left_alone(11.0)).describe_latest_stay("object") is not None
    assert box(left_alone(11.0, "aa", "bb")).describe_latest_stay("object") is None
