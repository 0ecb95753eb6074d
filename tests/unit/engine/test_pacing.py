"""When plays may start: at the pace that the loop can serve, and one always."""

import asyncio

import pytest

from poc_cli.engine.pacing import (
    BASELINE_SAMPLES,
    FEW,
    LONGEST_HOLD_SECONDS,
    SAMPLES_ON_TIME,
    SECONDS_PER_SOCKET,
    Pace,
    Pacer,
)


def on_time(pace: Pace, looks: int = SAMPLES_ON_TIME, delay: float = 0.001) -> None:
    for _ in range(looks):
        pace.add_sample(delay)


def test_one_play_may_always_go_on() -> None:
    pace = Pace(500)
    pace.add_sample(9.0)
    assert pace.may_start(0.0)


def test_another_starts_once_the_loop_is_on_time_for_several_looks() -> None:
    pace = Pace(500)
    pace.started(0.0, 1)
    assert not pace.may_start(0.0)
    on_time(pace, SAMPLES_ON_TIME - 1)
    assert not pace.may_start(0.0)
    on_time(pace, 1)
    assert pace.may_start(SECONDS_PER_SOCKET)


def test_a_play_of_many_sockets_is_given_the_time_to_open_them() -> None:
    pace = Pace(500)
    pace.started(0.0, 50)
    on_time(pace)
    assert not pace.may_start(45 * SECONDS_PER_SOCKET)
    assert pace.may_start(46 * SECONDS_PER_SOCKET)


def test_a_late_look_begins_the_count_anew() -> None:
    pace = Pace(500)
    pace.started(0.0, 1)
    on_time(pace, SAMPLES_ON_TIME - 1)
    pace.add_sample(0.1)
    on_time(pace, SAMPLES_ON_TIME - 1)
    assert not pace.may_start(0.0)


def test_a_slow_machine_has_a_baseline_of_its_own_but_not_a_large_one() -> None:
    slow, overloaded = Pace(500), Pace(500)
    for pace, delay in ((slow, 0.015), (overloaded, 0.3)):
        on_time(pace, BASELINE_SAMPLES, delay)
        pace.started(0.0, 1)
        on_time(pace, SAMPLES_ON_TIME, delay + 0.015)
    assert slow.may_start(1.0)
    assert not overloaded.may_start(1.0)


def test_there_is_a_largest_number() -> None:
    pace = Pace(2)
    for _ in range(2):
        assert pace.may_start(1.0)
        pace.started(0.0, 1)
        on_time(pace)
    assert not pace.may_start(1e9)
    pace.ended()
    assert pace.may_start(1.0)


def test_where_something_else_keeps_the_machine_busy_a_few_start_all_the_same() -> None:
    pace = Pace(500)
    now = 0.0
    while pace.running <= FEW:
        assert pace.may_start(now)
        pace.started(now, 1)
        pace.add_sample(1.0)
        assert not pace.may_start(now + LONGEST_HOLD_SECONDS / 2)
        now += LONGEST_HOLD_SECONDS
    assert not pace.may_start(now + 1e9)


async def test_plays_start_in_the_order_in_which_they_ask() -> None:
    pacer, began = Pacer(500), list[int]()

    async def play(number: int) -> None:
        await pacer.start(1)
        began.append(number)

    await asyncio.gather(*map(play, range(5)))
    assert began == [0, 1, 2, 3, 4]


async def test_a_play_that_was_cancelled_before_its_turn_holds_up_nobody() -> None:
    pacer = Pacer(1)
    await pacer.start(1)
    waiting = asyncio.create_task(pacer.start(1))
    third = asyncio.create_task(pacer.start(1))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not third.done()
    pacer.end()
    async with asyncio.timeout(30):
        await third
