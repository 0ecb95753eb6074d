"""Who may be busy: a step that waits makes room for the next play, one that is only late does not."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from poc_cli.engine import turns
from poc_cli.engine.turns import Turn


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SOON_SECONDS", 0.01)
    monkeypatch.setattr(turns, "BUSY_SECONDS", 0.05)


def who_was_first(*, busy: bool, looks: list[int]) -> list[str]:
    """Let a slow step and a quick one share one place; give who ended first."""

    def is_busy() -> Callable[[], bool]:
        looks.append(1)
        return lambda: busy

    async def story() -> list[str]:
        places = asyncio.Semaphore(1)
        slow_may_end = asyncio.Event()
        ended: list[str] = []

        async def slow() -> None:
            # Ends when the quick one has, or by itself once it has kept its place for as long as a busy one may.
            while not slow_may_end.is_set() and len(looks) < 3:  # noqa: ASYNC110 - an event for one, a count for the other
                await asyncio.sleep(0)
            ended.append("slow")

        async def quick() -> None:
            ended.append("quick")
            slow_may_end.set()

        one, other = Turn(places, is_busy), Turn(places, is_busy)

        async def then_leave(turn: Turn, step: Coroutine[None, None, None]) -> None:
            await turn.take(step)
            turn.leave()

        first = asyncio.create_task(then_leave(one, slow()))
        await asyncio.sleep(0)
        await asyncio.gather(first, then_leave(other, quick()))
        return ended

    return asyncio.run(story())


def test_a_step_that_waits_makes_room() -> None:
    assert who_was_first(busy=False, looks=[]) == ["quick", "slow"]


def test_one_that_is_only_late_keeps_its_place() -> None:
    assert who_was_first(busy=True, looks=[]) == ["slow", "quick"]
