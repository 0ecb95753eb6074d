"""The play runner on a fake runtime: when steps were due, where a play stops, and what is written down of it."""

import asyncio
from typing import Any

import pytest

from poc_cli.engine.pin_data import pins_data
from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.lateness import Cut, cut_of
from poc_cli.residency import Caller, Pin
from poc_cli.scenario.plays import Play
from poc_cli.targets.deadlines import HANGS_AFTER_SECONDS
from tests.support.fake_run import FILE, IT, FakeTargetPool, Meddle, Played, Prepare, impossible, late_at, play, story
from tests.support.fake_target import FakeTarget
from tests.support.virtual import SECOND, World

OPEN = '{ connect = ["ann", "bob"] }'
ECHO = '{ on = "ann", send = { op = "echo", n = 1 }, expect = { n = 1 } }'
WRONG = '{ on = "ann", send = { op = "echo", n = 1 }, expect = { n = 2 }, within = "100ms"'
QUIET = f'{{ on = "ann", quiet = "1s", {IT} }}'


def steps(played: Played, label: str = "story") -> list[Event]:
    return played.of(kinds.STEP, play=label)


def due_s(played: Played, label: str = "story") -> list[float]:
    """Return when the steps were due, counted from the first."""
    first = steps(played, label)[0].t_ns
    return [round((each.data["due_ns"] - first) / SECOND, 2) for each in steps(played, label)]


def late_s(played: Played, label: str = "story") -> list[float]:
    return [round(each.data["late_ms"] / 1000, 2) for each in steps(played, label)]


def dies(at: float, *, from_outside: bool = False) -> Meddle:
    """Let the first runtime die at a time."""

    def meddle(world: World, pool: FakeTargetPool) -> None:
        world.at(world.now_ns + round(at * SECOND), lambda: pool.targets[0].die(from_outside=from_outside))

    return meddle


# --- when steps were due


def test_a_step_after_another_is_due_when_that_has_ended() -> None:
    slow = '{ on = "ann", send = { op = "slow", ms = 700 }, expect = { op = "slow" } }'
    played = play(story(OPEN, slow, ECHO, QUIET, ECHO))
    assert due_s(played) == [0.0, 0.0, 0.7, 0.7, 1.7]
    assert late_s(played) == [0.0] * 5


def test_after_an_idle_it_is_due_when_the_idle_should_have_ended() -> None:
    played = play(story(OPEN, '{ idle = "500ms" }', ECHO), meddle=late_at(0.4, 0.8))
    assert due_s(played) == [0.0, 0.0, 0.5]
    assert late_s(played)[2] == 0.7


def test_what_idles_are_late_by_does_not_add_up() -> None:
    played = play(story(OPEN, *(['{ idle = "300ms" }'] * 4), ECHO), meddle=late_at(0.5, 0.25))
    assert due_s(played) == [0.0, 0.0, 0.3, 0.6, 0.9, 1.2]
    assert late_s(played)[3] == 0.15
    assert late_s(played)[4:] == [0.0, 0.0]


def test_a_quiet_that_took_longer_makes_nothing_late() -> None:
    played = play(story(OPEN, '{ on = "ann", quiet = "1s" }', ECHO), meddle=late_at(0.9, 0.1))
    assert due_s(played)[2] == pytest.approx(1.0, abs=0.02)
    assert late_s(played)[2] == 0.0


def test_no_time_is_impossible_when_the_loop_stands_still_again_and_again() -> None:
    def meddle(world: World, pool: FakeTargetPool) -> None:  # noqa: ARG001
        for at in range(40):
            asyncio.get_running_loop().call_later(at / 10, world.stand_still, 0.09)

    pushed = '{ on = "ann", send = { op = "late", ms = 150 }, expect = { op = "late" } }'
    told = '{ on = "ann", expect = { event = "late" } }'
    away = '{ hibernate = "evict" }'
    resumed = '{ resume = "ann", send = { op = "echo", n = 3 }, expect = { n = 3 } }'
    played = play(story(OPEN, pushed, '{ idle = "400ms" }', told, away, resumed, QUIET), meddle=meddle)
    assert impossible(played.events) == []
    answered = [
        each.data["answered"]["ann"]["after_ns"] for each in played.of(kinds.STEP_END) if "answered" in each.data
    ]
    assert len(answered) >= 3
    # What had arrived before its step began was not waited for.
    assert 0 in answered


# --- where a play stops


def test_it_stops_at_the_first_precondition_that_fails() -> None:
    played = play(story(OPEN, WRONG + " }", ECHO))
    end = played.one(kinds.PLAY_END)
    assert end.data["outcome"] == "stopped"
    assert end.data["reason"].startswith(f"on failed at {FILE}:7:3: ann got 1 message, not as expected")
    assert end.data["at_step"] == 1
    assert len(steps(played)) == 2


def test_it_goes_on_after_a_step_that_names_a_claim() -> None:
    played = play(story(OPEN, f"{WRONG}, {IT} }}", ECHO))
    assert played.ends() == {"story": "done"}
    assert len(steps(played)) == 3
    assert played.verdicts == {"it": "refuted"}


def test_a_control_ends_once_it_has_come_out() -> None:
    control = f"control = {{ steps = [{OPEN}, {WRONG}, {IT} }}, {ECHO}, {ECHO}] }}"
    played = play(story(OPEN, ECHO.replace(" }, expect", " }, expect", 1)[:-2] + f", {IT} }}", claim=control))
    assert played.ends() == {"story": "done", "story~it": "done"}
    assert len(steps(played, "story~it")) == 2
    assert played.verdicts == {"it": "held"}


def test_a_capture_of_what_is_not_there_is_an_error_with_its_place() -> None:
    played = play(story(OPEN, ECHO[:-2] + ', capture = { x = "nothing.here" } }'))
    end = played.one(kinds.PLAY_END)
    assert end.data["outcome"] == "error"
    assert end.data["reason"].startswith(f"{FILE}:7:3: cannot capture")


def test_a_name_that_a_failed_step_should_have_bound_fails_the_step_that_needs_it() -> None:
    first = f'{WRONG}, capture = {{ x = "n" }}, {IT} }}'
    played = play(story(OPEN, first, '{ on = "ann", send = { op = "echo", x = "{x}" } }'))
    assert played.failures() == ["mismatch", "unbound"]


def test_messages_that_nobody_read_are_listed_and_clients_are_closed() -> None:
    played = play(story(OPEN, '{ on = "ann", send = { op = "echo", n = 1 } }', '{ idle = "100ms" }'))
    unread = played.one(kinds.UNREAD)
    assert (unread.actor, unread.data["events"]) == ("ann", [played.one(kinds.RECEIVED).id])
    assert sorted(each.actor for each in played.of(kinds.CLOSED)) == ["ann", "bob"]
    assert all(each.data["clean"] for each in played.of(kinds.CLOSED))


# --- what was late


def test_what_lateness_has_spoiled_is_given_up_at_once() -> None:
    played = play(story(OPEN, QUIET, ECHO, ECHO), meddle=late_at(0.5, 1.0))
    first, second = played.of(kinds.PLAY_END)
    assert (first.play, first.data["outcome"], first.data["cut_step"]) == ("story", "given_up", 1)
    assert first.data["reason"].startswith("this machine was too slow: poc itself was paused for up to 1.")
    assert len(steps(played)) == 2
    assert (second.play, second.data["outcome"]) == ("story@2", "done")
    assert played.verdicts == {"it": "held"}


def test_what_lateness_changes_nothing_of_goes_on() -> None:
    played = play(story(OPEN, ECHO, ECHO), meddle=late_at(0.0003, 1.0))
    assert played.of(kinds.LATE)
    assert played.ends() == {"story": "done"}


def test_looking_whether_anything_was_late_takes_a_play_of_many_steps_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    worlds, looks = list[World](), list[int]()

    def slow_look(*arguments: Any, **named: Any) -> Cut | None:
        looks.append(worlds[0].now_ns)
        worlds[0].stand_still(0.02)
        return cut_of(*arguments, **named)

    def meddle(world: World, pool: FakeTargetPool) -> None:
        worlds.append(world)
        late_at(0.0003, 1.0)(world, pool)

    monkeypatch.setattr("poc_cli.engine.play_runner.cut_of", slow_look)
    played = play(story(OPEN, *([ECHO] * 200)), meddle=meddle)
    assert played.ends() == {"story": "done"}
    assert 1 < len(looks) < 10


def test_a_step_that_was_late_alone_is_recorded_as_the_cut() -> None:
    after = '{ on = "ann", send = { op = "count" }, expect = { count = 1 }, ' + IT + " }"
    played = play(story(OPEN, '{ idle = "500ms" }', after), meddle=late_at(0.3, 0.9))
    first = played.of(kinds.PLAY_END)[0]
    assert (first.data["outcome"], first.data["cut_step"]) == ("given_up", 2)


# --- whose connections lead to its objects

SOCKET = Pin("operation", "websocket_open", 0, "an outgoing WebSocket", None, None)
NETWORKER = Caller("main", None, is_open=True, pins=(SOCKET,), by_network=True)
SLEEPS = story(OPEN, ECHO, '{ hibernate = "evict" }', ECHO)


def called(*, connects: bool | None) -> Prepare:
    """Let a Worker with a socket have called the objects, maybe over the network."""

    def prepare(target: FakeTarget, _play: Play | None, _attempt: int) -> None:
        target.callers, target.is_connected_to_itself = (NETWORKER,), connects

    return prepare


@pytest.mark.parametrize("connects", [True, None])
def test_a_play_whose_sockets_another_may_hold_is_repeated_alone(connects: bool | None) -> None:  # noqa: FBT001
    played = play(SLEEPS, SLEEPS.replace('"story"', '"other"'), prepare=called(connects=connects))
    assert played.ends() == {
        **dict.fromkeys(["story", "other", "story@2", "other@2"], "given_up"),
        **dict.fromkeys(["story@3", "other@3"], "done"),
    }
    left = next(event for event in played.of(kinds.LEFT) if event.play == "story@3")
    assert left.data["callers"] == [
        {
            "label": None,
            "class": None,
            "object": None,
            "worker": "main",
            "open": True,
            "sockets": True,
            "pins": pins_data((SOCKET,)),
            "network": True,
        }
    ]
    assert "to its own address" in played.of(kinds.PLAY_END)[0].data["reason"]


def test_nobody_called_over_the_network_where_the_runtime_has_no_connection_to_itself() -> None:
    played = play(SLEEPS, SLEEPS.replace('"story"', '"other"'), prepare=called(connects=False))
    assert played.ends() == {"story": "done", "other": "done"}
    assert all(event.data["callers"] == [] for event in played.of(kinds.LEFT))


# --- what became of the runtime


def test_a_play_that_waited_when_its_runtime_died_is_suspect() -> None:
    waits = '{ on = "ann", send = { op = "swallow" }, expect = { op = "swallow" }, within = "2s" }'
    played = play(story(OPEN, waits), meddle=dies(0.5))
    first = played.of(kinds.PLAY_END)[0]
    assert first.data == {
        "outcome": "given_up",
        "reason": f"{FILE}:7:3: workerd ended by signal 9 unexpectedly",
        "at_step": 1,
        "cut_step": 1,
        "suspect": True,
    }


def test_a_play_that_only_waited_for_sleep_is_not() -> None:
    played = play(story(OPEN, ECHO, '{ hibernate = "idle" }', ECHO), meddle=dies(0.7))
    first = played.of(kinds.PLAY_END)[0]
    assert first.data["outcome"] == "given_up"
    assert "suspect" not in first.data


def test_nor_is_one_whose_runtime_was_killed_from_outside() -> None:
    waits = '{ on = "ann", send = { op = "swallow" }, expect = { op = "swallow" }, within = "2s" }'
    played = play(story(OPEN, waits), meddle=dies(0.5, from_outside=True))
    assert "suspect" not in played.of(kinds.PLAY_END)[0].data


def test_a_runtime_that_hangs_alone_is_the_play_s_own_error() -> None:
    def prepare(target: FakeTarget, own: Play | None, time: int) -> None:  # noqa: ARG001
        asyncio.get_running_loop().call_later(0.5, target.hang)

    waits = '{ on = "ann", send = { op = "swallow" }, expect = { op = "swallow" }, within = "2s" }'
    played = play(story(OPEN, waits), prepare=prepare)
    end = played.one(kinds.PLAY_END)
    assert (end.data["outcome"], end.data["suspect"]) == ("error", True)
    assert f"has not answered for {HANGS_AFTER_SECONDS:g} s" in end.data["reason"]
    assert end.t_ns == pytest.approx((0.5 + HANGS_AFTER_SECONDS) * SECOND, abs=SECOND / 10)
