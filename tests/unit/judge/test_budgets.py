"""The checks that count wakes and time in memory, on literal histories whose two clocks run together."""

from collections.abc import Sequence
from typing import Any

import pytest

from poc_cli.history import event as kinds
from poc_cli.history.late_stretch import Stretch
from tests.unit.judge.histories import History, Tale, finding, scenario, tale

BASE_NS = 5_000_000_000
"""What the runtime's clock is ahead of the play's."""

SECOND_NS = 1_000_000_000


class Room:
    """An object whose stays are told in seconds since the play began."""

    def __init__(self, story: Tale) -> None:
        """Start at the beginning of the play."""
        self.story = story
        self.zero_ns = story.history.t_ns
        self.ctx = 0
        self.last_ns = 0

    def reaches(self, at: float) -> int:
        """Let the play's clock reach a time."""
        self.story.history.t_ns = max(self.story.history.t_ns, self.zero_ns + round(at * SECOND_NS))
        return self.story.history.t_ns + 1_000_000 + BASE_NS

    def enters(self, at: float, by: str = "hibernatable_websocket", process: int = 1) -> None:
        """Come into memory for an event."""
        self.ctx += 1
        now = self.reaches(at)
        self.story.add("object:object", kinds.ENTERED, process=process, ctx=self.ctx, at_ns=now)
        self.last_ns = now
        self.story.add("object:object", kinds.DELIVERED, name=by, at_ns=now)

    def leaves(self, at: float, how: str = "idle") -> None:
        """Leave memory."""
        now = self.reaches(at)
        last = {"at_last_event_ns": self.last_ns, "at_last_activity_ns": self.last_ns}
        self.story.add("object:object", kinds.LEFT, how=how, process=1, ctx=self.ctx, at_ns=now, **last)


STEPS = ('{ connect = "ann" }', '{ idle = "60s", claim = "it" }')


def told(
    check: str, claim: str, stays: Sequence[tuple[float, float | None, str]], *, until: float = 60, **more: Any
) -> Any:
    """Judge a story of sixty seconds with these stays: from, to, and what woke the object."""
    history = played(check, claim, stays, until=until, **more)
    return finding(history)


def played(  # noqa: PLR0913 - what a story can differ in
    check: str,
    claim: str,
    stays: Sequence[tuple[float, float | None, str]],
    *,
    until: float = 60,
    how: str = "idle",
    steps: Sequence[str] = STEPS,
) -> History:
    story = tale(scenario(check, steps, claim=claim))
    story.begins("connect")
    room = Room(story)
    first, *rest = stays
    room.enters(first[0], first[2])
    story.ends()
    story.begins("idle")
    if first[1] is not None:
        room.leaves(first[1], how)
    for begin, end, by in rest:
        room.enters(begin, by)
        if end is not None:
            room.leaves(end, how)
    room.reaches(until)
    story.ends()
    return story.done()


QUIET = [(0.0, 10.0, "fetch")]
HEARTBEAT = [(0.0, 10.0, "fetch"), (15.0, 25.0, "alarm"), (30.0, 40.0, "alarm"), (45.0, 55.0, "alarm")]


def test_an_object_that_nothing_wakes_is_held() -> None:
    found = told("wakes-at-most", "most = 0", QUIET)
    assert (found["verdict"], found["reason"]) == ("held", "object was woken 0 times in 60.0 s")


def test_an_alarm_that_sets_itself_again_is_refuted() -> None:
    found = told("wakes-at-most", "most = 2", HEARTBEAT)
    assert found["verdict"] == "refuted"
    assert found["reason"] == "object was woken 3 times in 60.0 s: 3 x alarm; at most 2 allowed"
    assert len(found["evidence"]) == 3
    assert told("wakes-at-most", "most = 3", HEARTBEAT)["verdict"] == "held"


def test_only_wakes_within_the_time_are_counted_together() -> None:
    assert told("wakes-at-most", 'most = 1\nwithin = "14s"', HEARTBEAT)["verdict"] == "held"
    found = told("wakes-at-most", 'most = 1\nwithin = "16s"', HEARTBEAT)
    assert found["reason"] == "object was woken 2 times in 16.0 s: 2 x alarm; at most 1 allowed"


def test_only_wakes_by_the_named_events_are_counted() -> None:
    assert told("wakes-at-most", 'most = 0\nwoken_by = ["rpc", "websocket"]', HEARTBEAT)["verdict"] == "held"
    stays = [*QUIET, (20.0, 30.0, "jsrpc"), (40.0, 50.0, "hibernatable_websocket")]
    found = told("wakes-at-most", 'most = 0\nwoken_by = ["rpc"]', stays)
    assert found["reason"] == "object was woken once in 60.0 s: 1 x rpc; at most 0 allowed"


def test_an_object_that_never_slept_was_not_spared() -> None:
    found = told("wakes-at-most", "most = 0", [(0.0, None, "fetch")])
    assert found["verdict"] == "unknown"
    assert "did not sleep" in found["reason"]


def test_a_time_that_is_too_short_shows_nothing() -> None:
    found = told("wakes-at-most", 'most = 0\nwithin = "2m"', QUIET)
    assert (found["verdict"], found["reason"]) == ("unknown", "object was watched for 60.0 s, less than 120 s")


@pytest.mark.parametrize("check", [("wakes-at-most", "most = 1"), ("in-memory-at-most", 'most = "50%"')])
def test_an_object_that_dies_shows_nothing(check: tuple[str, str]) -> None:
    found = told(*check, [(0.0, 1.0, "fetch"), (20.0, 21.0, "alarm")], how="died")
    assert (found["verdict"], found["reason"]) == ("unknown", "object left memory otherwise than to sleep in this time")


@pytest.mark.parametrize("check", [("wakes-at-most", "most = 1"), ("in-memory-at-most", 'most = "50%"')])
def test_a_play_that_ends_before_the_time_shows_nothing(check: tuple[str, str]) -> None:
    story = tale(scenario(check[0], STEPS, claim=check[1]))
    story.connect()
    found = finding(story.stops("the machine was stopped"))
    assert found["verdict"] == "unknown"
    assert "the machine was stopped" in found["reason"]


def test_the_time_must_end_where_the_trace_was_read() -> None:
    steps = ('{ connect = "ann" }', '{ on = "ann", send = { op = "a" }, expect = { op = "a" } }')
    story = tale(scenario("wakes-at-most", steps, claim="most = 0"))
    story.connect()
    story.says({"op": "a"})
    found = finding(story.done())
    assert (found["verdict"], found["reason"]) == (
        "unknown",
        "object may have been woken later: end the time with an idle step",
    )


def test_a_share_of_the_time_in_memory() -> None:
    found = told("in-memory-at-most", 'most = "20%"', QUIET)
    assert (found["verdict"], found["reason"]) == ("held", "object was in memory for 17% of 60.0 s")
    found = told("in-memory-at-most", 'most = "50%"', HEARTBEAT)
    assert (found["verdict"], found["reason"]) == (
        "refuted",
        "object was in memory for 67% of 60.0 s; at most 50% allowed",
    )


def test_an_object_that_never_leaves_is_in_memory_all_the_time() -> None:
    found = told("in-memory-at-most", 'most = "99%"', [(0.0, None, "fetch")])
    assert (found["verdict"], found["reason"]) == (
        "refuted",
        "object was in memory for 100% of 60.0 s; at most 99% allowed",
    )


def test_what_an_evict_spares_decides_nothing() -> None:
    """Five messages, four seconds apart, each followed by an evict: by the timer it would never have slept."""
    stays = [(4.0 * number, 4.0 * number + 1, "hibernatable_websocket") for number in range(5)]
    found = told("in-memory-at-most", 'most = "30%"', stays, how="evict")
    assert found["verdict"] == "unknown"
    assert found["reason"].startswith("object was evicted; the idle timer might have left it in memory for 43%")
    assert told("in-memory-at-most", 'most = "45%"', stays, how="evict")["verdict"] == "held"
    assert told("in-memory-at-most", 'most = "5%"', stays, how="evict")["verdict"] == "refuted"


def test_an_object_that_an_evict_put_to_sleep_is_woken_like_any_other() -> None:
    stays = [(0.0, 1.0, "fetch"), (4.0, 14.0, "jsrpc")]
    assert told("wakes-at-most", "most = 0", stays, how="evict")["verdict"] == "refuted"


def late(history: History, seconds: float) -> History:
    """Let poc be late for so long in the middle of the time."""
    stretch = Stretch("runtime", 30 * SECOND_NS, round((30 + seconds) * SECOND_NS))
    history.add("run", "poc", kinds.LATE, **stretch.data())
    return history


def test_lateness_neither_holds_nor_refutes() -> None:
    within = finding(late(played("wakes-at-most", 'most = 1\nwithin = "16s"', HEARTBEAT), 2.0))
    assert within["verdict"] == "unknown"
    assert "too slow" in within["reason"]
    share = finding(late(played("in-memory-at-most", 'most = "65%"', HEARTBEAT), 2.0))
    assert share["verdict"] == "unknown"
    assert finding(late(played("in-memory-at-most", 'most = "50%"', HEARTBEAT), 2.0))["verdict"] == "refuted"
    assert finding(late(played("in-memory-at-most", 'most = "20%"', QUIET), 2.0))["verdict"] == "held"


def test_each_object_is_in_the_record_with_its_wakes() -> None:
    judged = played("wakes-at-most", "most = 3", HEARTBEAT).judged()
    (use,) = judged["scenarios"][0]["objects"]
    assert (use["object"], use["wakes"], use["woken_by"], use["wakes_a_minute"]) == ("object", 3, {"alarm": 3}, 3)
    assert use["in_memory_share"] == pytest.approx(40 / 60, abs=0.01)
