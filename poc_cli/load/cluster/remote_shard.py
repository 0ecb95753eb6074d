"""One part of a load at one member of a cluster: given out once, watched, and called lost where nothing comes back."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from poc_cli.load.cluster.dask_worker import Order
from poc_cli.load.cluster.link import Link
from poc_cli.load.cluster.members import Clock, Member
from poc_cli.load.load_context import Glance
from poc_cli.load.process_usage import Use
from poc_cli.load.sharding import Shard
from poc_cli.record.load_stage import ShardResult, from_json, lost_shard
from poc_cli.record.ranges import Ranges

LOOKS_EVERY_SECONDS: Final = 1.0

_PATIENCE: Final = 3
"""Times what the plan says that it takes at most: a room that is never left alone is waited for that long.
Also times in a row that the scheduler may not answer."""

_LEEWAY_SECONDS: Final = 60.0  # for gathering results, on a busy machine

Lost = Callable[["Part", str], None]


class Part:
    """A shard, who carries it out, and what is known of it so far."""

    def __init__(self, shard: Shard, member: Member, link: Link, lost: Lost) -> None:
        """Take who is to carry it out; `lost` hears why nothing will come of it."""
        self.shard = shard
        self.member = member
        self.glance: Glance | None = None
        self.use: Use = member.use
        self._link = link
        self._lost = lost

    @property
    def sockets(self) -> Ranges:
        """Return its sockets."""
        return [[self.shard.first, self.shard.first + self.shard.count - 1]]

    async def outcome(self, url: str, headers: dict[str, str], start_at: float, clock: Clock) -> ShardResult:
        """Have it carried out and give what came of it; `start_at` is on our clock. Raises nothing."""
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
        """Return it up, and say so."""
        self.glance = None
        self._lost(self, why)
        return lost_shard(self.shard.number, self.shard.indexes, why)

    async def stop(self) -> None:
        """Have it end now."""
        await self._link.stop(self.member, self.shard.play)

    def _result(self, answering: "asyncio.Task[dict[str, Any]]") -> ShardResult:
        if answering.cancelled():
            return self.lose("the scheduler has given its part up")
        error = answering.exception()
        if error is not None:
            return self.lose(f"{type(error).__name__}: {' '.join(str(error).split())}")
        answer = answering.result()
        if "result" not in answer:
            return self.lose(str(answer.get("failed", "it gave no account")))
        return from_json(answer["result"])

    async def _watched(self, start_at: float) -> str:
        """Look at it again and again; give why nothing will come of it, once that is known."""
        give_up = start_at - time.time() + time.monotonic() + _PATIENCE * self.shard.plan.longest + _LEEWAY_SECONDS
        silent = 0
        while time.monotonic() < give_up:
            await asyncio.sleep(LOOKS_EVERY_SECONDS)
            try:
                there = await self._link.is_there(self.member.address)
            except (OSError, TimeoutError):
                silent += 1
                if silent == _PATIENCE:
                    return f"the scheduler at {self._link.address} no longer answers"
                continue
            silent = 0
            if not there:
                return "it is gone from the cluster"
            told = await self._link.look(self.member, self.shard.play)
            if told is None:
                continue
            if told["process"] != self.member.process:
                return "another process has come to its address"
            self.use = Use(**told["use"])
            self.glance = None if told["glance"] is None else Glance(*told["glance"])
        return "it gave no account in time"
