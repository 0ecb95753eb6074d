"""A load waits for so long as it says, and does not count time in which it or the runtime could not run."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Final

from poc_cli.load.ledger import Ledger
from poc_cli.load.load_context import LoadContext
from poc_cli.load.plan import plan_of
from poc_cli.load.shard_runner import Unsupervised
from poc_cli.load.sharding import shards
from poc_cli.load.socket_pool import SocketPool
from poc_cli.scenario.load_model import LoadTable

LONG_SECONDS: Final = 1000.0


class Supervisor(Unsupervised):
    """Counts how often it was asked, and reports a runtime that has lost `lost` seconds each time."""

    def __init__(self, lost: float) -> None:
        """Begin."""
        self.lost = lost
        self.looks = 0

    def lost_seconds(self) -> float:
        """Return what was lost so far."""
        self.looks += 1
        return self.lost * self.looks


def context(supervisor: Supervisor) -> LoadContext:
    table = LoadTable.model_validate({"sockets": 1, "path": "/", "stages": [{"ramp": "1s"}]})
    (shard,) = shards(plan_of(table), 1, play="abc")
    ledger = Ledger(0, lambda: 0.0)
    pool = SocketPool(shard, "http://127.0.0.1:9", (), ledger)
    return LoadContext(shard.plan, pool, ledger, supervisor, Random(1))  # noqa: S311 - repeatable, not secret


def waits(supervisor: Supervisor, condition: Callable[[LoadContext], bool], within: float) -> bool:
    async def wait() -> bool:
        waiting = context(supervisor)
        return await waiting.until(lambda: condition(waiting), within)

    return asyncio.run(wait())


def test_it_gives_up_when_the_time_is_over() -> None:
    assert not waits(Supervisor(0.0), lambda _: False, 0.01)


def test_time_that_the_runtime_lost_does_not_count() -> None:
    supervisor = Supervisor(LONG_SECONDS)
    assert waits(supervisor, lambda _: supervisor.looks > 3, 0.0)  # without a loss it gives up at the first look


def test_nor_does_time_that_this_process_lost() -> None:
    looked = 0

    def condition(waiting: LoadContext) -> bool:
        nonlocal looked
        looked += 1
        waiting.stalled_seconds += LONG_SECONDS
        return looked > 3

    assert waits(Supervisor(0.0), condition, 0.0)
