"""One part of a load on a member of a cluster: sent once, watched, and lost if there is no result."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from poc_cli.load.cluster.dask_worker import Order
from poc_cli.load.cluster.link import Link
from poc_cli.load.cluster.members import Clock, Member
from poc_cli.load.load_context import Glance
from poc_cli.load.process_usage import Usage
from poc_cli.load.sharding import Shard
from poc_cli.record.load_stage import ShardResult, from_json, lost_shard
from poc_cli.record.ranges import Ranges

LOOKS_EVERY_SECONDS: Final = 1.0

_PATIENCE: Final = 3
"""Multiples of the plan's longest duration to wait, as a room that is never idle delays a sleep.
Also how often in a row the scheduler may not respond."""

_LEEWAY_SECONDS: Final = 60.0  # for collecting results on a busy machine

Lost = Callable[["Part", str], None]


class Part:
    """A shard, the member that runs it, and its last known state."""

    def __init__(self, shard: Shard, member: Member, link: Link, lost: Lost) -> None:
        """Initialize with the member that runs it; `lost` is called with the reason if there is no result."""
        self.shard = shard
        self.member = member
        self.glance: Glance | None = None
        self.use: Usage = member.use
        self._link = link
        self._lost = lost

    @property
    def sockets(self) -> Ranges:
        """Return the indexes of its sockets."""
        return [[self.shard.first, self.shard.first + self.shard.count - 1]]

    async def outcome(self, url: str, headers: dict[str, str], start_at: float, clock: Clock) -> ShardResult:
        """Run the part and return its result; `start_at` is on this machine's clock. Raises nothing."""
        order = Order(self.shard, url, headers, start_at + clock.ahead, self.member.process)
        answering = asyncio.create_task(self._link.carried_out(self.member, order))
        watching = asyncio.create_task(self._watched(start_at))
        try:
            await asyncio.wait({answering, watching}, return_when=asyncio.FIRST_COMPLETED)
            return self._result(answering) if answering.done() else self.lose(watching.result())
        finally:
            answering.cancel()
            watching.cancel()

    def lose(self, why: str) -> ShardResult:
        """Abandon the shard and report it."""
        self.glance = None
        self._lost(self, why)
        return lost_shard(self.shard.number, self.shard.indexes, why)

    async def stop(self) -> None:
        """Stop the part."""
        await self._link.stop(self.member, self.shard.play)

    def _result(self, answering: "asyncio.Task[dict[str, Any]]") -> ShardResult:
        if answering.cancelled():
            return self.lose("the scheduler canceled its part")
        error = answering.exception()
        if error is not None:
            return self.lose(f"{type(error).__name__}: {' '.join(str(error).split())}")
        answer = answering.result()
        if "result" not in answer:
            return self.lose(str(answer.get("failed", "it returned no result")))
        return from_json(answer["result"])

    async def _watched(self, start_at: float) -> str:
        """Watch the part until it is lost; return the reason."""
        give_up = start_at - time.time() + time.monotonic() + _PATIENCE * self.shard.plan.longest + _LEEWAY_SECONDS
        silent = 0
        while time.monotonic() < give_up:
            await asyncio.sleep(LOOKS_EVERY_SECONDS)
            try:
                there = await self._link.is_there(self.member.address)
            except (OSError, TimeoutError):
                silent += 1
                if silent == _PATIENCE:
                    return f"the scheduler at {self._link.address} no longer responds"
                continue
            silent = 0
            if not there:
                return "it is no longer in the cluster"
            state = await self._link.look(self.member, self.shard.play)
            if state is None:
                continue
            if state["process"] != self.member.process:
                return "another process has its address now"
            self.use = Usage(**state["use"])
            self.glance = None if state["glance"] is None else Glance(*state["glance"])
        return "it returned no result in time"
