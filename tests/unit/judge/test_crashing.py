"""Whether an object ended by itself: only the trace tells, and only where it was read after the last message."""

import pytest

from tests.unit.judge.histories import Tale, finding, scenario, tale

CONNECT = '{ connect = "ann" }'
ASK = '{ on = "ann", send = "who", expect = "me" }'
PROBE = '{ probe = "awake" }'


def connected(*steps: str) -> Tale:
    told = tale(scenario("no-crash", [CONNECT, *steps]))
    told.connect()
    return told


def test_an_object_that_stayed_until_the_trace_was_read_is_held() -> None:
    told = connected(ASK, PROBE)
    told.says("me")
    told.probe("awake")
    found = finding(told.done())
    assert (found["verdict"], found["reason"]) == ("held", "object did not end by itself in 1 stay in memory")


def test_a_sleep_is_no_crash() -> None:
    told = connected('{ hibernate = "idle" }', ASK, PROBE)
    told.sleeps()
    told.says("me")
    told.probe("awake")
    found = finding(told.done())
    assert (found["verdict"], found["reason"]) == ("held", "object did not end by itself in 2 stays in memory")


@pytest.mark.parametrize("is_done", [True, False])
def test_an_object_that_ended_by_itself_is_refuted_however_the_play_ended(is_done: bool) -> None:  # noqa: FBT001
    told = connected(ASK, PROBE)
    told.leaves("dropped", 0)
    told.enters()
    told.says("me")
    told.probe("awake")
    found = finding(told.done() if is_done else told.stops())
    assert found["verdict"] == "refuted"
    assert found["reason"] == "object ended by itself: ctx.abort(), or an exception"


def test_a_fault_of_the_story_is_no_crash() -> None:
    told = connected('{ restart = "crash" }', CONNECT, ASK, PROBE)
    told.restart()
    told.connect()
    told.says("me")
    told.probe("awake")
    assert finding(told.done())["verdict"] == "held"


def test_a_process_that_ended_without_a_fault_is_unknown() -> None:
    told = connected(ASK, PROBE)
    told.leaves("died", 0)
    told.enters()
    told.says("me")
    told.probe("awake")
    found = finding(told.done())
    assert (found["verdict"], found["reason"]) == ("unknown", "object ended with its process, which no step ended")


def test_without_a_look_at_the_trace_after_the_last_answer_it_is_unknown() -> None:
    told = connected(PROBE, ASK)
    told.probe("awake")
    told.says("me")
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert "end the story with a probe" in found["reason"]


def test_a_message_that_nobody_waited_for_may_come_after_the_trace_was_read() -> None:
    told = connected('{ on = "ann", send = "die" }', PROBE)
    told.says()
    told.probe("awake")
    assert finding(told.done())["verdict"] == "unknown"


def test_a_play_that_ended_before_is_unknown() -> None:
    told = connected(ASK, PROBE)
    told.says("me")
    assert finding(told.stops())["verdict"] == "unknown"


def test_an_object_that_was_never_in_memory_is_unknown() -> None:
    told = tale(scenario("no-crash", [CONNECT, PROBE]))
    told.connect(enters=())
    told.probe("awake")
    assert finding(told.done())["verdict"] == "unknown"
