"""A silence is the runtime's only where we were listening."""

import asyncio
import time
from collections.abc import Callable

import pytest

from poc_cli.target import patience
from poc_cli.target.busyness import Busyness, Mark
from poc_cli.target.patience import answered

NOBODY = Busyness(())


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "ANSWERS_WITHIN_SECONDS", 0.05)


def test_an_answer_in_time_is_one() -> None:
    async def story() -> bool:
        return await answered(asyncio.ensure_future(asyncio.sleep(0)), NOBODY)

    assert asyncio.run(story())


@pytest.mark.parametrize(("computed", "found"), [(lambda: 0.0, False), (time.monotonic, True)])
def test_a_silence_counts_only_where_we_had_nothing_to_do(
    monkeypatch: pytest.MonkeyPatch, computed: Callable[[], float], found: object
) -> None:
    monkeypatch.setattr(time, "process_time", computed)

    async def story() -> tuple[bool, bool]:
        task = asyncio.ensure_future(asyncio.sleep(2.5 * patience.ANSWERS_WITHIN_SECONDS))
        heard = await answered(task, NOBODY)
        await asyncio.wait([task])
        return heard, not task.cancelled()

    assert asyncio.run(story()) == (found, found)


def test_nor_where_somebody_waited_for_a_processor() -> None:
    class Starved(Busyness):
        def starved_since(self, mark: Mark) -> float:
            return 1.0 if mark.at_ns else 0.0

    async def story() -> bool:
        return await answered(asyncio.ensure_future(asyncio.sleep(2.5 * patience.ANSWERS_WITHIN_SECONDS)), Starved(()))

    assert asyncio.run(story())


def test_in_the_end_a_busy_harness_gives_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "process_time", time.monotonic)

    async def story() -> bool:
        return await answered(asyncio.ensure_future(asyncio.Event().wait()), NOBODY)

    assert not asyncio.run(story())


def test_a_failure_in_time_is_an_answer_too() -> None:
    async def broken() -> None:
        raise ConnectionError

    async def story() -> bool:
        task = asyncio.ensure_future(broken())
        found = await answered(task, NOBODY)
        assert isinstance(task.exception(), ConnectionError)
        return found

    assert asyncio.run(story())
