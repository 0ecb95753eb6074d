"""Lateness is never evidence, and what an object does is never lateness."""

from dataclasses import replace
from typing import Any

import pytest

from poc_cli.history import event as kinds
from tests.unit.judge.histories import History, Tale, finding, scenario

SECOND = 1_000_000_000

CONNECT = '{ connect = ["ann"] }'
ASK = '{ on = "ann", send = { op = "get" }, expect = { value = 1 }, claim = "it" }'
WARM = '{ on = "ann", send = { op = "put" }, expect = { value = 1 } }'
QUIET = '{ on = "ann", quiet = "600ms", claim = "it" }'
IDLE = '{ idle = "3500ms" }'
SLEEP = '{ hibernate = "idle" }'


class Late:
    """A story of which a test decides when what happens, and who was late."""

    def __init__(self, *steps: str, check: str = "") -> None:
        """Begin a run with the story."""
        self.history = History()
        self.told: Tale = self.history.play(scenario(check, steps))

    def passes(self, seconds: float) -> None:
        """Let time pass on the client's clock."""
        self.history.t_ns += round(seconds * SECOND)

    def late(self, who: str, seconds: float, **more: Any) -> None:
        """Let somebody be late for the last so many seconds."""
        now = self.history.t_ns
        times = {"from_ns": now - round(seconds * SECOND), "to_ns": now}
        self.history.add("run", "poc", kinds.LATE, who=who, **times, **more)

    def begins_late(self, seconds: float) -> None:
        """Let the step that has just begun have begun late."""
        begun = next(event for event in reversed(self.history.events) if event.kind == kinds.STEP)
        begun.data["late_ms"] = seconds * 1000

    def verdict(self, outcome: str = "done") -> str:
        """End the play and judge the claim."""
        self.told.ended(outcome)
        return str(finding(self.history.end())["verdict"])


def warm(*steps: str, check: str = "") -> Late:
    """Return a story that has connected and had one answer."""
    story = Late(CONNECT, WARM, *steps, check=check)
    story.told.connect()
    story.told.says({"value": 1})
    return story


# --- steps


def test_a_silence_without_lateness_refutes() -> None:
    story = warm(ASK)
    story.told.gets_nothing()
    assert story.verdict() == "refuted"


def test_a_wrong_answer_of_a_room_that_has_nothing_under_way_is_no_matter_of_time() -> None:
    story = warm(ASK)
    story.told.gets_wrong({"value": 2})
    story.late("poc", 2.0)
    assert story.verdict() == "refuted"


@pytest.mark.parametrize("who", ["poc", "runtime", "machine"])
def test_a_wrong_answer_of_a_room_with_a_timer_is_unknown_where_somebody_was_late(who: str) -> None:
    story = warm(ASK)
    story.told.add("object:object", kinds.TIMED, name="setTimeout", process=1, ctx=1)
    story.told.gets_wrong({"value": 2})
    story.late(who, 2.0)
    told = finding_of(story)
    assert told["verdict"] == "unknown"
    assert "this machine was too slow" not in told["reason"]  # that is said of the play, once
    assert "during the step at line" in told["reason"]


def finding_of(story: Late, outcome: str = "done") -> Any:
    story.told.ended(outcome)
    return finding(story.history.end())


def test_lateness_of_several_seconds_may_have_let_something_expire() -> None:
    story = warm(ASK)
    story.passes(4)
    story.told.gets_wrong({"value": 2})
    story.late("poc", 4.0)
    assert story.verdict() == "unknown"


def test_an_expectation_that_was_met_is_not_undone() -> None:
    story = warm(ASK)
    story.passes(5)
    story.told.says({"value": 1})
    story.late("poc", 5.0)
    assert story.verdict() == "held"


def test_an_expectation_that_only_lateness_gave_the_time_for_is_undecided() -> None:
    """The window is longer by what was late, so that nobody is judged by it; what came in that time may be too late."""
    story = warm(ASK.replace('claim = "it"', 'within = "1s", claim = "it"'))
    story.told.says({"value": 1})
    ended = story.history.events[-1]
    story.history.events[-1] = replace(ended, t_ns=ended.t_ns + 1_200_000_000)
    story.passes(1.2)
    story.late("poc", 0.9)
    assert story.verdict() == "unknown"


def test_what_was_found_before_the_lateness_stands() -> None:
    story = warm(ASK, '{ on = "ann", send = { op = "x" }, expect = { x = 1 } }')
    story.told.gets_wrong({"value": 2})
    story.passes(5)
    story.told.gets_nothing()
    story.late("poc", 3.0)
    assert story.verdict("stopped") == "refuted"


def test_a_quiet_window_is_undecided_where_the_harness_stood_still_before_it() -> None:
    """The push that should break it may have come before it began."""
    story = warm(WARM, QUIET)
    story.passes(1)
    story.told.says({"value": 1})
    story.late("poc", 1.0)
    story.told.is_quiet()
    assert story.verdict() == "unknown"


def test_a_quiet_window_holds_where_nobody_was_late() -> None:
    story = warm(WARM, QUIET)
    story.told.says({"value": 1})
    story.told.is_quiet()
    assert story.verdict() == "held"


def test_a_flood_in_a_quiet_window_is_the_play_s_own() -> None:
    story = warm(QUIET)
    story.told._begin_exchange()
    story.told.hears("ann", {"noise": 1})
    story.told.fails("noise", "ann should receive nothing")
    story.late("poc", 2.0, reading=["story"])
    assert story.verdict() == "refuted"


def test_the_flood_of_another_play_is_lateness() -> None:
    story = warm(QUIET)
    story.told._begin_exchange()
    story.told.hears("ann", {"noise": 1})
    story.told.fails("noise", "ann should receive nothing")
    story.late("poc", 2.0, reading=["another"])
    assert story.verdict() == "unknown"


# --- the worker's own work


def spun(**more: Any) -> str:
    story = warm(ASK)
    story.passes(3)
    story.told.add("object:object", kinds.TIMED, name="setTimeout", process=1, ctx=1)
    story.told.gets_nothing()
    story.late("runtime", 2.9, **more)
    return story.verdict()


def test_a_handler_that_spins_is_the_worker_s_own_slowness() -> None:
    assert spun(ran=0.98, busy=[[1, 1]]) == "refuted"


@pytest.mark.parametrize(
    ("ran", "busy"),
    [(0.0, [[1, 1]]), (0.05, [[1, 1]]), (0.98, [[1, 7]]), (0.98, [])],
    ids=["stopped", "stopped for most of it", "another play's", "nobody's"],
)
def test_a_runtime_that_is_stopped_starved_or_busy_with_others_is_late(ran: float, busy: list[list[int]]) -> None:
    assert spun(ran=ran, busy=busy) == "unknown"


def test_what_a_worker_forgot_on_a_busy_machine_is_no_matter_of_its_own_work() -> None:
    story = warm(WORK, '{ idle = "1s" }', ASK)
    worked_and_stopped(story, 0.5, seconds=2.0)
    story.told.idles()
    story.told.gets_wrong({"value": None})
    assert story.verdict() == "refuted"


WORK = '{ on = "ann", send = { op = "work" }, expect = { done = 1 } }'


def worked_and_stopped(story: Late, ran: float, seconds: float = 4.0) -> None:
    """Let a handler of the play run for some of a time, and the runtime be stopped for the rest."""
    story.passes(seconds)
    story.told.says({"done": 1})
    story.late("runtime", seconds, ran=ran, busy=[[1, 1]])


def noise() -> Late:
    story = warm(WORK, QUIET)
    worked_and_stopped(story, 0.15)
    story.told._begin_exchange()
    story.told.hears("ann", {"event": "later"})
    story.told.fails("noise", "ann should receive nothing")
    return story


def test_what_comes_of_a_stop_while_the_worker_was_at_work_is_no_noise() -> None:
    """The timer was due long after the window, had the runtime not been stopped for 3.4 s before it."""
    told = finding_of(noise())
    assert told["verdict"] == "unknown"
    assert "the runtime did not run for up to 3.4 s" in told["reason"]


def test_a_worker_that_makes_noise_after_its_own_work_is_refuted() -> None:
    story = warm(WORK, QUIET)
    worked_and_stopped(story, 0.98)
    story.told._begin_exchange()
    story.told.hears("ann", {"event": "later"})
    story.told.fails("noise", "ann should receive nothing")
    assert story.verdict() == "refuted"


def test_work_on_a_busy_machine_is_no_excuse_for_an_answer_that_does_not_come() -> None:
    assert spun(ran=0.2, busy=[[1, 1]]) == "refuted"


@pytest.mark.parametrize(
    ("ran", "took", "verdict"),
    [(0.15, 0.9, "unknown"), (0.98, 0.9, "refuted"), (0.3, 3.0, "refuted")],
    ids=["stopped", "slow", "slow on a busy machine"],
)
def test_a_wake_that_was_stopped_at_work_is_not_measured(ran: float, took: float, verdict: str) -> None:
    ask = '{ resume = "ann", send = { op = "get" }, expect = { value = 1 }, claim = "it" }'
    story = Late(CONNECT, SLEEP, ask)
    story.told = story.history.play(
        scenario("wake-under", [CONNECT, SLEEP, ask], claim='limit = "500ms"\n'), label="other"
    )
    story.told.connect()
    story.told.sleeps()
    story.told.says({"value": 1}, wake_ms=took * 1000)
    story.late("runtime", took, ran=ran, busy=[[1, 1], [1, 2]])
    assert story.verdict() == verdict


def test_in_a_runtime_of_its_own_all_work_is_the_play_s() -> None:
    story = warm(ASK)
    start = story.history.events[1]
    start.data.update(alone=True, runtime=1)
    story.told.gets_nothing()
    story.late("runtime", 2.9, ran=0.98, runtime=1)
    assert story.verdict() == "refuted"


def test_another_runtime_concerns_nobody_here() -> None:
    story = warm(ASK)
    story.history.events[1].data["runtime"] = 1
    story.told.add("object:object", kinds.TIMED, name="setTimeout", process=1, ctx=1)
    story.told.gets_nothing()
    story.late("runtime", 2.9, runtime=2)
    assert story.verdict() == "refuted"


# --- sleeps that the story did not have


def heartbeats(*, late: float = 0.0, slept: bool = True) -> Late:
    """Return four heartbeats 3.5 s apart that the runtime answers by itself, so that the object sleeps beneath them."""
    beat = '{ on = "ann", send = "hb", expect = "hb" }'
    story = warm(IDLE, beat, IDLE, beat, IDLE, beat, ASK)
    for number in range(3):
        story.told.begins("idle")
        story.passes(3.5 + (late if number == 2 else 0.0))
        if number == 2 and slept:
            story.told.leaves()
        if late and number == 2:
            story.late("poc", late)
        story.told.ends()
        story.told.says("hb", reached=0)
    return story


def test_a_heartbeat_that_the_auto_response_swallows_is_refuted() -> None:
    story = heartbeats()
    story.told.gets_wrong({"value": None})
    assert story.verdict() == "refuted"


def test_a_sleep_that_came_because_the_story_was_held_up_proves_nothing() -> None:
    story = heartbeats(late=4.0)
    story.told.gets_wrong({"value": None})
    assert story.verdict() == "unknown"


def test_nor_does_it_hold_a_claim() -> None:
    story = heartbeats(late=4.0)
    story.told.says({"value": 1})
    assert story.verdict() == "unknown"


def test_a_message_that_is_never_answered_for_fourteen_seconds_is_refuted() -> None:
    """The object sleeps by its own timer meanwhile, as the story lets it."""
    story = warm('{ on = "ann", send = { op = "swallow" }, expect = { op = "swallow" }, within = "14s", claim = "it" }')
    placed, _ = story.told._begin_exchange()
    assert placed.verb == "on"
    story.passes(10)
    story.told.leaves()
    story.passes(4)
    story.told.fails("silence", "ann got nothing within 14 s")
    assert story.verdict() == "refuted"


def test_a_push_by_an_alarm_after_twelve_seconds_is_held() -> None:
    story = warm('{ on = "ann", expect = { event = "alarm" }, within = "20s", claim = "it" }')
    story.told._begin_exchange()
    story.passes(10)
    story.told.leaves()
    story.passes(2)
    story.told.enters(why="alarm")
    story.told.hears("ann", {"event": "alarm"})
    story.told.ends(answered={"ann": {"event": story.history.events[-1].id, "after_ns": 12}})
    assert story.verdict() == "held"


def test_an_idle_that_is_long_enough_lets_it_sleep_though_somebody_was_late_too() -> None:
    """The sleep itself is the story's; a claim that depends on the length of the wait is undecided all the same."""
    story = warm('{ idle = "12s" }', ASK)
    story.told.begins("idle")
    story.passes(12)
    story.told.leaves()
    story.told.ends()
    story.told.enters()
    story.told.says({"value": 1})
    assert story.verdict() == "held"


# --- a step that begins late


@pytest.mark.parametrize(("seconds", "verdict"), [(0.2, "held"), (0.3, "unknown"), (11.0, "unknown")])
def test_a_step_that_begins_late_after_a_wait_decides_nothing(seconds: float, verdict: str) -> None:
    story = warm(IDLE, ASK)
    story.told.begins("idle")
    story.told.ends()
    story.told.says({"value": 1})
    story.begins_late(seconds)
    assert story.verdict() == verdict


def test_rest_comes_with_a_proven_sleep_of_all_objects() -> None:
    """What slept has nothing under way that earlier lateness could have changed."""
    story = warm(SLEEP, ASK)
    story.late("poc", 1.0)
    story.told.add("object:object", kinds.TIMED, name="setTimeout", process=1, ctx=1)
    story.told.sleeps()
    story.told.gets_wrong({"value": 2})
    assert story.verdict() == "refuted"


@pytest.mark.parametrize(
    ("pinned", "late", "verdict"), [(17.0, 7.0, "unknown"), (17.0, 0.0, "held"), (4.0, 7.0, "held")]
)
def test_a_pin_that_ended_only_while_lateness_was_waited_out_is_no_sleep_of_the_story(
    pinned: float, late: float, verdict: str
) -> None:
    story = warm(SLEEP, check="sleeps")
    told = story.told
    told.begins("hibernate")
    story.passes(pinned + 10)
    if late:
        story.late("runtime", late)
    told.leaves("idle", pinned + 10, worked=pinned)
    told.ends()
    assert story.verdict() == verdict


@pytest.mark.parametrize(
    ("pinned", "late", "verdict"), [(10.6, 6.3, "unknown"), (10.6, 0.0, "held"), (4.0, 6.3, "held")]
)
@pytest.mark.parametrize("tells", ["a stretch", "a step"])
def test_a_pin_that_lateness_before_the_last_event_brought_nearer_its_end_is_no_sleep_of_the_story(
    pinned: float, late: float, verdict: str, tells: str
) -> None:
    """A timer of 30 s that was set before: without the lateness 17 s of it would have been left."""
    story = warm(WARM, SLEEP, check="sleeps")
    told = story.told
    story.passes(late)
    if late and tells == "a stretch":
        story.late("poc", late)
    told.at_ns += round(late * SECOND)
    told.begins("on")
    if late and tells == "a step":
        story.begins_late(late)
    told.reaches()
    told.ends()
    told.begins("hibernate")
    story.passes(pinned + 10)
    told.leaves("idle", pinned + 10, worked=pinned)
    told.ends()
    assert story.verdict() == verdict
