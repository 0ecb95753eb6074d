"""A silence is the runtime's only where everybody could have acted."""

import asyncio
import time
from collections.abc import Callable

import pytest

from poc_cli.targets import deadlines
from poc_cli.targets.attendance import Attendance
from poc_cli.targets.cpu_pressure import Mark
from poc_cli.targets.deadlines import Watch
from tests.support.virtual import SECOND, World, run


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "HANGS_AFTER_SECONDS", 0.05)
    monkeypatch.setattr(deadlines, "GIVES_UP_SECONDS", 60.0)
    monkeypatch.setattr(deadlines, "LOOK_SECONDS", 0.01)


def heard(task: Callable[[], "asyncio.Task[object]"]) -> bool:
    async def story() -> bool:
        return await Watch(None, Attendance()).answered(task())

    return asyncio.run(story())


def after(seconds: float) -> "asyncio.Task[object]":
    return asyncio.ensure_future(asyncio.sleep(seconds))


def test_an_answer_in_time_is_one() -> None:
    assert heard(lambda: after(0))


def test_one_that_never_comes_is_none_and_nothing_waits_for_it_any_more() -> None:
    tasks: list[asyncio.Task[object]] = []

    def never() -> "asyncio.Task[object]":
        tasks.append(asyncio.ensure_future(asyncio.Event().wait()))
        return tasks[0]

    assert not heard(never)
    assert tasks[0].cancelled()


def test_a_failure_in_time_is_an_answer_too() -> None:
    async def broken() -> object:
        raise ConnectionError

    tasks: list[asyncio.Task[object]] = []

    def task() -> "asyncio.Task[object]":
        tasks.append(asyncio.ensure_future(broken()))
        return tasks[0]

    assert heard(task)
    assert isinstance(tasks[0].exception(), ConnectionError)


@pytest.mark.parametrize(("waited_share", "stopped"), [(1.0, False), (0.0, True)], ids=["starved", "stopped"])
def test_the_time_of_a_runtime_that_cannot_act_does_not_count(
    monkeypatch: pytest.MonkeyPatch, waited_share: float, stopped: object
) -> None:
    def away(_process: int | None) -> Mark:
        now = time.monotonic_ns()
        return Mark(now, 0, round(waited_share * now), is_stopped=bool(stopped))

    monkeypatch.setattr(deadlines, "mark", away)
    assert heard(lambda: after(0.2))


def test_a_runtime_that_spins_on_a_busy_machine_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    def spinning(_process: int | None) -> Mark:
        now = time.monotonic_ns()
        return Mark(now, round(0.4 * now), round(0.6 * now), is_stopped=False)

    monkeypatch.setattr(deadlines, "mark", spinning)
    assert not heard(lambda: after(20))


def test_nor_does_the_time_in_which_we_compute_ourselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "process_time_ns", time.monotonic_ns)
    assert heard(lambda: after(0.2))


def test_nor_does_the_time_in_which_we_were_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Attendance, "late_ns", lambda _self, from_ns, to_ns: to_ns - from_ns)
    assert heard(lambda: after(0.2))


def test_in_the_end_whoever_waits_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "process_time_ns", time.monotonic_ns)
    monkeypatch.setattr(deadlines, "GIVES_UP_SECONDS", 0.1)
    assert not heard(lambda: after(60))


def test_after_one_answer_that_did_not_come_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(world: World) -> list[float]:
        monkeypatch.setattr(deadlines, "HANGS_AFTER_SECONDS", 20.0)
        monkeypatch.setattr(deadlines, "mark", lambda _: Mark(world.now_ns, 0, 0, is_stopped=False))
        monkeypatch.setattr(time, "monotonic", lambda: world.now_ns / SECOND)
        watch, ended = Watch(None, Attendance(world.clock, lambda: 0)), []
        begun_ns = world.now_ns
        for _ in range(4):
            assert not await watch.answered(asyncio.ensure_future(asyncio.Event().wait()))
            ended.append((world.now_ns - begun_ns) / SECOND)
        return ended

    assert run(story) == pytest.approx([20.0] * 4, abs=0.1)
