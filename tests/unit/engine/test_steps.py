"""Each step on a fake runtime: how it comes out and how it fails, in time and where somebody is late.

That each succeeds and fails as it should where nobody is late is in `test_schedules.py`.
"""

import asyncio
import gc
import weakref
from typing import Final, Literal

import pytest
from websockets.exceptions import ConnectionClosedError

from poc_cli.engine.exchange import SENT_WITHIN_SECONDS
from poc_cli.engine.hibernation_traced import AWAKE_AFTER_SECONDS, SLEEPS_WITHIN_SECONDS, WATCHED_AT_MOST_SECONDS
from poc_cli.engine.hibernation_untraced import GIVES_UP_SECONDS
from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.residency.sleep_onset import ASLEEP_BY_SECONDS
from poc_cli.scenario.plays import Play
from poc_cli.targets.base import Eviction
from tests.support.fake_client import FakeClient
from tests.support.fake_run import IT, FakeTargetPool, Meddle, Played, Prepare, impossible, late_at, play, story
from tests.support.fake_runtime import BUFFERED
from tests.support.fake_stories import STORIES
from tests.support.fake_target import FakeTarget
from tests.support.virtual import SECOND, World

OPEN: Final = '{ connect = ["ann", "bob"] }'
ECHO: Final = '{ on = "ann", send = { op = "echo", n = 1 }, expect = { n = 1 } }'
PIN: Final = '{ on = "ann", send = { op = "pin" }, expect = { op = "pin" } }'
SLEEP: Final = '{ hibernate = "idle" }'
EVICT: Final = '{ hibernate = "evict" }'


def slow(ms: int, within: str = "1s") -> str:
    return (
        f'{{ on = "ann", send = {{ op = "slow", ms = {ms} }}, expect = {{ op = "slow" }}, within = "{within}", {IT} }}'
    )


def runtime_late_at(at: float, length: float) -> Meddle:
    """Let the runtime stand still, so many seconds after the beginning of the run."""

    def meddle(world: World, pool: FakeTargetPool) -> None:
        world.at(world.now_ns + round(at * SECOND), lambda: pool.stand_still(length))

    return meddle


def ended(played: Played, step: int) -> Event:
    """Return the end of a step of the first attempt."""
    return next(each for each in played.of(kinds.STEP_END) if each.step == step)


def took_s(played: Played, step: int) -> float:
    begun = next(each for each in played.of(kinds.STEP) if each.step == step)
    return (ended(played, step).t_ns - begun.t_ns) / SECOND


def late_of(played: Played) -> list[str]:
    return [each.data["who"] for each in played.of(kinds.LATE)]


def evicting(outcome: Literal["busy", "no_answer"]) -> Prepare:
    """Let evictions come out in a certain way, and do nothing."""

    def prepare(target: FakeTarget, own: Play | None, time: int) -> None:  # noqa: ARG001
        target.eviction = Eviction(outcome, "")

    return prepare


FAILURES: Final = {
    "connect-silent": "silence",
    "connect-late": "silence",
    "connect-let-in": "refused",
    "on-wrong": "mismatch",
    "on-swallowed": "silence",
    "on-too-slow": "silence",
    "on-next-overtaken": "mismatch",
    "quiet-noise": "noise",
    "quiet-like": "noise",
    "closed-by-server-wrongly": "mismatch",
    "not-closed-by-server": "silence",
    "close-wrongly": "mismatch",
    "resume-wrong": "mismatch",
    "hibernate-pinned": "no_sleep",
    "stays-awake": "no_sleep",
    "probe-not-asleep": "probe",
    "http-wrong": "mismatch",
    "http-silent": "silence",
    "alarm-none": "silence",
    "kill-twice": "closed",
    "stall-on": "silence",
    "restart-crash": "closed",
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_step_fails_in_its_own_way(name: str) -> None:
    assert play(STORIES[name][0]).failures() == [FAILURES[name]]


# --- on: expect


@pytest.mark.parametrize("ms", [900, 999, 1000])
def test_an_answer_counts_that_is_there_when_the_runtime_has_answered_at_the_deadline(ms: int) -> None:
    """The window is over at 1 s; the fence behind it takes 2 ms, and then the inbox is looked at once more."""
    assert play(story(OPEN, slow(ms))).failures() == []


@pytest.mark.parametrize("ms", [1010, 1100, 1300])
def test_an_answer_after_it_does_not(ms: int) -> None:
    assert play(story(OPEN, slow(ms))).failures() == ["silence"]


@pytest.mark.parametrize("length", [0.1, 0.3, 1.0, 5.0])
def test_an_answer_that_lay_unread_while_the_harness_stood_still_counts(length: float) -> None:
    """It stands still from before the answer until after the deadline."""
    played = play(story(OPEN, slow(900)), meddle=late_at(0.85, 0.2 + length))
    assert ended(played, 1).data["ok"]
    assert played.verdicts == {"it": "held"}
    assert impossible(played.events) == []


def test_time_in_which_the_harness_stood_still_is_added_to_the_window() -> None:
    played = play(story(OPEN, slow(3000)), meddle=late_at(0.2, 0.7))
    assert took_s(played, 1) == pytest.approx(1.7, abs=0.1)
    assert played.ends()["story"] == "given_up"
    assert played.verdicts == {"it": "refuted"}


def test_time_in_which_the_runtime_stood_still_is_added_to_the_window() -> None:
    played = play(story(OPEN, slow(600)), meddle=runtime_late_at(0.3, 3.0))
    assert "runtime" in late_of(played)
    assert ended(played, 1).data["ok"]
    assert played.verdicts == {"it": "held"}


def test_an_answer_that_came_only_because_of_that_decides_nothing() -> None:
    """It takes 1.3 s of the one second that it may take, while the harness stands still for half a second."""
    played = play(story(OPEN, slow(1300)), meddle=late_at(0.3, 0.5))
    assert ended(played, 1).data["ok"]
    assert played.ends()["story"] == "given_up"
    assert played.verdicts == {"it": "refuted"}  # by the second attempt


def test_a_handler_that_spins_has_no_more_time_for_it() -> None:
    spins = f'{{ on = "ann", send = {{ op = "spin", ms = 3000 }}, expect = {{ op = "spin" }}, within = "1s", {IT} }}'
    played = play(story(OPEN, spins, more='tags = ["heavy"]\n'))
    assert played.failures() == ["silence"]
    assert played.ends() == {"story": "done"}


# --- on: quiet


@pytest.mark.parametrize(("ms", "failures"), [(10, []), (600, ["noise"]), (1480, ["noise"]), (1520, []), (2500, [])])
def test_noise_breaks_a_silence_only_within_its_window(ms: int, failures: list[str]) -> None:
    """The window is from 0.5 to 1.5 s."""
    pushed = f'{{ on = "ann", send = {{ op = "late", ms = {ms} }}, expect = {{ op = "late" }} }}'
    assert (
        play(story(OPEN, pushed, '{ idle = "500ms" }', f'{{ on = "ann", quiet = "1s", {IT} }}')).failures() == failures
    )


def test_noise_that_only_a_busy_loop_brings_into_the_window_is_none() -> None:
    """The loop is too busy to notice the end of the window before the push, and not so busy that it is late."""
    pushed = '{ on = "ann", send = { op = "late", ms = 1080 }, expect = { op = "late" } }'
    played = play(story(OPEN, pushed, f'{{ on = "ann", quiet = "1s", {IT} }}'), meddle=late_at(0.95, 0.14))
    assert late_of(played) == []
    assert played.failures() == []


def test_noise_that_came_while_the_harness_stood_still_decides_nothing() -> None:
    pushed = '{ on = "ann", send = { op = "late", ms = 900 }, expect = { op = "late" } }'
    played = play(story(OPEN, pushed, f'{{ on = "ann", quiet = "600ms", {IT} }}'), meddle=late_at(0.5, 1.5))
    assert played.ends()["story"] == "given_up"
    assert played.verdicts == {"it": "held"}


def test_a_connection_that_ends_is_no_silence() -> None:
    closes = '{ on = "ann", send = { op = "close", code = 4000, reason = "" } }'
    assert play(story(OPEN, closes, '{ on = "ann", quiet = "300ms", ' + IT + " }")).failures() == ["closed"]


# --- closing


def test_nothing_can_be_sent_on_a_connection_that_has_ended() -> None:
    closes = '{ on = "ann", send = { op = "close", code = 4000, reason = "" } }'
    played = play(story(OPEN, closes, '{ idle = "100ms" }', ECHO[:-2] + f", {IT} }}"))
    assert played.failures() == ["closed"]
    assert len(played.of(kinds.SENT)) == 1  # what never left is not written down as sent


def test_a_close_that_the_server_began_answers_none_of_ours() -> None:
    closes = '{ on = "ann", send = { op = "close", code = 4000, reason = "" } }'
    assert play(story(OPEN, closes, '{ idle = "100ms" }', f'{{ close = "ann", {IT} }}')).failures() == ["closed"]


def test_a_client_that_closed_itself_was_not_closed_by_the_server() -> None:
    played = play(story(OPEN, '{ close = "ann" }', f'{{ on = "ann", expect_code = 1000, {IT} }}'))
    assert played.failures() == ["mismatch"]


@pytest.mark.parametrize("late", [late_at(0.05, 4.0), runtime_late_at(0.05, 4.0)])
def test_a_close_is_not_cut_while_somebody_is_late(late: Meddle) -> None:
    closes = f'{{ close = "ann", expect_code = 1000, within = "1s", {IT} }}'
    played = play(story(OPEN, ECHO, '{ idle = "40ms" }', closes), meddle=late)
    assert [each.data["clean"] for each in played.of(kinds.CLOSED) if each.actor == "ann"] == [True]
    assert played.failures() == []
    assert played.verdicts == {"it": "held"}


def test_a_close_that_is_not_answered_in_its_time_is_cut() -> None:
    played = play(story(OPEN, f'{{ close = "ann", expect_code = 1000, within = "1s", {IT} }}', ann="deaf=1"))
    assert took_s(played, 1) == pytest.approx(1.0, abs=0.1)
    assert played.failures() == ["mismatch"]


def test_time_in_which_the_runtime_stood_still_is_none_of_a_message_s_to_be_sent() -> None:
    sends = f'{{ on = "ann", send = {{ op = "echo", n = "{"x" * (BUFFERED + 1)}" }}, {IT} }}'
    played = play(story(OPEN, '{ idle = "100ms" }', sends), meddle=runtime_late_at(0.05, SENT_WITHIN_SECONDS + 5.0))
    assert played.failures() == []
    assert played.verdicts == {"it": "held"}


def test_a_message_that_nobody_reads_in_its_time_was_not_sent() -> None:
    sends = f'{{ on = "ann", send = {{ op = "echo", n = "{"x" * (BUFFERED + 1)}" }}, {IT} }}'
    played = play(story(OPEN, sends, ann="deaf=1"))
    assert took_s(played, 1) == pytest.approx(SENT_WITHIN_SECONDS, abs=0.1)
    assert played.failures() == ["silence"]


@pytest.mark.parametrize("late", [late_at(0.05, 2.0), runtime_late_at(0.05, 2.0)])
def test_a_close_by_the_server_is_waited_for_while_somebody_is_late(late: Meddle) -> None:
    closes = '{ on = "ann", send = { op = "slow", ms = 100 } }'
    closed = (
        '{ on = "ann", send = { op = "close", code = 4001, reason = "so" }, expect_code = 4001, expect_reason = "so"'
    )
    played = play(story(OPEN, closes, f'{closed}, within = "1s", {IT} }}'), meddle=late)
    assert played.failures() == []
    assert played.verdicts == {"it": "held"}


# --- connect and http


@pytest.mark.parametrize("late", [late_at(0.1, 2.0), runtime_late_at(0.1, 2.0)])
@pytest.mark.parametrize("name", ["connect-slow", "http-slow"])
def test_who_is_late_puts_the_end_of_a_handshake_and_of_a_request_off(late: Meddle, name: str) -> None:
    played = play(STORIES[name][0], meddle=late)
    assert played.failures() == []
    assert played.verdicts == {"it": "held"}


def test_a_handshake_without_an_answer_is_told_from_a_refusal() -> None:
    played = play(STORIES["connect-silent"][0])
    assert played.one(kinds.OPEN_FAILED).data["late"] is True
    played = play(story('{ connect = "ann" }', ann="refuse=503"))
    assert played.one(kinds.OPEN_FAILED).data["late"] is False
    assert played.failures() == ["refused"]


def test_a_client_that_never_connected_is_not_closed_by_the_server_in_time() -> None:
    closed = f'{{ on = "ann", expect_code = 1000, within = "1s", {IT} }}'
    played = play(story('{ connect = "ann", refused = 503 }', closed, ann="refuse=503"))
    assert took_s(played, 1) == pytest.approx(1.0, abs=0.1)
    assert played.failures() == ["silence"]


# --- sleeping


def test_a_natural_sleep_is_the_runtime_s_own() -> None:
    played = play(story(OPEN, ECHO, SLEEP))
    left = played.one(kinds.LEFT)
    assert left.data["at_ns"] - left.data["at_last_event_ns"] == 10 * SECOND
    assert played.of(kinds.EVICTING) == []


def test_what_is_pinned_is_watched_until_it_should_have_slept() -> None:
    played = play(story(OPEN, PIN, SLEEP))
    assert took_s(played, 2) == pytest.approx(SLEEPS_WITHIN_SECONDS, abs=0.6)
    assert played.one(kinds.AWAKE).data["pins"][0]["what"] == "setInterval"


def test_what_should_stay_awake_is_watched_for_as_long_as_a_sleep_takes() -> None:
    played = play(story(OPEN, PIN, SLEEP, check="stays-awake"))
    assert took_s(played, 2) == pytest.approx(AWAKE_AFTER_SECONDS, abs=0.6)


@pytest.mark.parametrize(("at", "length"), [(2.0, 5.0), (9.5, 4.0), (0.5, 14.0)])
def test_a_runtime_that_stands_still_has_more_time_to_sleep(at: float, length: float) -> None:
    played = play(story(OPEN, ECHO, SLEEP, check="sleeps"), meddle=runtime_late_at(at, length))
    assert played.failures() == []
    assert played.verdicts == {"it": "held"}


def test_what_a_runtime_was_late_by_is_no_time_to_sleep_in() -> None:
    """A timer pins it for 14 s: longer than it is watched, unless the runtime was late by more than a second."""
    timer = '{ on = "ann", send = { op = "late", ms = 14000 }, expect = { op = "late" } }'
    assert play(story(OPEN, timer, SLEEP)).failures() == ["no_sleep"]
    played = play(story(OPEN, timer, SLEEP), meddle=runtime_late_at(5, 2.5))
    assert ended(played, 2).data["ok"]


def test_an_object_that_keeps_getting_events_is_not_watched_forever() -> None:
    alarms = '{ on = "ann", send = { op = "alarms", ms = 4000 }, expect = { op = "alarms" } }'
    played = play(story(OPEN, alarms, SLEEP))
    assert played.failures() == ["no_sleep"]
    assert took_s(played, 2) == pytest.approx(WATCHED_AT_MOST_SECONDS, abs=0.6)


def test_an_evict_is_refused_to_what_is_pinned_and_it_is_waited_for() -> None:
    played = play(story(OPEN, PIN, EVICT))
    assert played.of(kinds.EVICTING) == []
    assert played.one(kinds.REFUSED).data["pins"][0]["what"] == "setInterval"
    assert played.failures() == ["no_sleep"]


def test_an_alarm_before_the_sleep_is_waited_for() -> None:
    alarm = '{ on = "ann", send = { op = "alarm", ms = 5000 }, expect = { op = "alarm" } }'
    played = play(story(OPEN, alarm, EVICT))
    assert played.one(kinds.REFUSED).data["alarm_in_ms"] == pytest.approx(5000, abs=10)
    assert played.of(kinds.EVICTING) == []
    assert took_s(played, 2) == pytest.approx(15, abs=0.6)


def test_an_alarm_after_it_is_not() -> None:
    alarm = '{ on = "ann", send = { op = "alarm", ms = 12000 }, expect = { op = "alarm" } }'
    played = play(story(OPEN, alarm, EVICT))
    assert played.one(kinds.EVICTED).data["outcome"] == "evicted"
    assert took_s(played, 2) < 1


def test_a_forced_evict_comes_before_the_alarm() -> None:
    alarm = '{ on = "ann", send = { op = "alarm", ms = 5000 }, expect = { op = "alarm" } }'
    played = play(story(OPEN, alarm, '{ hibernate = "evict", forced = true }'))
    assert played.one(kinds.EVICTED).data["outcome"] == "evicted"


@pytest.mark.parametrize("outcome", ["busy", "no_answer"])
def test_an_evict_that_does_nothing_is_followed_by_watching(outcome: Literal["busy", "no_answer"]) -> None:
    played = play(story(OPEN, ECHO, EVICT), prepare=evicting(outcome))
    assert played.one(kinds.EVICTED).data["outcome"] == outcome
    assert played.failures() == []  # the timer has struck instead
    assert took_s(played, 2) == pytest.approx(10, abs=0.6)


def test_an_evict_that_does_nothing_ends_what_should_stay_awake() -> None:
    played = play(story(OPEN, ECHO, EVICT, check="stays-awake"), prepare=evicting("busy"))
    assert played.failures() == ["no_sleep"]


def test_an_object_that_was_never_in_memory_is_the_wrong_one() -> None:
    other = 'object = { class = "Room", name = "other-{play}" }'
    text = story(OPEN, ECHO, SLEEP).replace('object = { class = "Room", name = "{play}" }', other)
    played = play(text)
    assert played.failures() == ["wrong_object"]
    assert "was never in memory; the trace shows Room" in played.one(kinds.PLAY_END).data["reason"]


def test_something_else_that_woke_the_object_ends_a_resume() -> None:
    resumed = '{ resume = "ann", send = { op = "echo", n = 2 }, expect = { n = 2 } }'
    assert play(story(OPEN, ECHO, EVICT, ECHO, resumed)).failures() == ["woken"]


# --- probes, alarms and faults


@pytest.mark.parametrize(
    ("before", "wanted", "found"),
    [
        ([ECHO], "asleep", "awake"),
        ([ECHO], "pinned", "awake"),
        ([PIN, '{ idle = "1200ms" }'], "asleep", "pinned"),
        ([ECHO, EVICT], "awake", "asleep"),
        ([ECHO, '{ restart = "object" }'], "asleep", "gone"),
    ],
)
def test_a_probe_tells_what_it_found(before: list[str], wanted: str, found: str) -> None:
    played = play(story(OPEN, *before, f'{{ probe = "{wanted}", {IT} }}'))
    assert played.failures() == ["probe"]
    assert (played.one(kinds.PROBED).data["found"], played.one(kinds.PROBED).data["ok"]) == (found, False)


@pytest.mark.parametrize("late", [late_at(0.5, 2.0), runtime_late_at(0.5, 2.0)])
def test_an_alarm_is_waited_for_while_somebody_is_late(late: Meddle) -> None:
    played = play(STORIES["alarm"][0], meddle=late)
    assert played.failures() == []
    assert played.verdicts == {"it": "held"}


def test_each_alarm_is_seen_once() -> None:
    alarm = '{ on = "ann", send = { op = "alarm", ms = 300 }, expect = { op = "alarm" } }'
    fires = '{ alarm = "fires", within = "1s" }'
    assert play(story(OPEN, alarm, fires, fires)).failures() == ["silence"]


def test_an_object_that_is_not_in_memory_cannot_be_restarted() -> None:
    played = play(story(OPEN, ECHO, EVICT, '{ restart = "object" }'))
    assert played.failures() == ["probe"]


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_dropped_connection_is_written_down_before_it_is_dropped(how: str) -> None:
    played = play(story(OPEN, ECHO, f'{{ kill = "ann", how = "{how}" }}'))
    fault = played.one(kinds.FAULT)
    closed = played.of(kinds.CLOSED)[0]
    assert (fault.actor, fault.data) == ("ann", {"fault": "drop", "how": how})
    assert (closed.actor, closed.data["clean"], closed.data["by"]) == ("ann", False, "client")
    assert fault.id < closed.id


def test_a_message_that_could_not_be_sent_is_freed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """During a run the oldest garbage is not collected, and a message may have 32 MiB."""
    sending: list[weakref.ref[asyncio.Task[object] | None]] = []

    async def broken(*_: object) -> None:
        sending.append(weakref.ref(asyncio.current_task()))
        raise ConnectionClosedError(None, None)

    monkeypatch.setattr(FakeClient, "send", broken)
    gc.disable()
    try:
        assert play(story(OPEN, ECHO)).failures() == ["closed"]
        assert [task() for task in sending] == [None]
    finally:
        gc.enable()


# --- without a trace


def test_in_a_black_box_an_object_is_left_alone_for_long_enough() -> None:
    played = play(story(OPEN, ECHO, SLEEP, ECHO), traced=False)
    waited = played.one(kinds.WAITED)
    assert waited.data["needed_ms"] == ASLEEP_BY_SECONDS * 1000
    assert waited.data["silent_ms"] >= waited.data["needed_ms"]
    assert played.ends() == {"story": "done"}


def test_there_a_silence_begins_anew_with_each_message() -> None:
    pushed = '{ on = "ann", send = { op = "late", ms = 5000 }, expect = { op = "late" } }'
    played = play(story(OPEN, pushed, SLEEP), traced=False)
    assert took_s(played, 2) == pytest.approx(5 + ASLEEP_BY_SECONDS, abs=0.1)


def test_where_clients_keep_hearing_things_there_is_no_sleep() -> None:
    alarms = '{ on = "ann", send = { op = "alarms", ms = 4000 }, expect = { op = "alarms" } }'
    played = play(story(OPEN, alarms, SLEEP), traced=False)
    assert played.failures() == ["no_sleep"]
    assert took_s(played, 2) == pytest.approx(GIVES_UP_SECONDS, abs=1.1)


def test_where_every_client_was_closed_there_is_none_either() -> None:
    closes = '{ on = "*", send = { op = "close", code = 4000, reason = "", ms = 3000 } }'
    played = play(story(OPEN, closes, SLEEP), traced=False)
    assert played.failures() == ["no_sleep"]
    assert "every client was closed" in played.one(kinds.PLAY_END).data["reason"]


def test_a_subprotocol_that_is_not_selected_fails_the_connect() -> None:
    """The fake runtime selects none."""
    wanted = play(story(f'{{ connect = "ann", subprotocol = "chat", {IT} }}'))
    assert wanted.verdicts == {"it": "refuted"}
    none = play(story(f'{{ connect = "ann", subprotocol = "", {IT} }}'))
    assert none.verdicts == {"it": "held"}
