"""Run a load on the processes of a cluster: divide it, start the parts together, and merge the results."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from poc_cli.errors import TargetError
from poc_cli.history import event as kinds
from poc_cli.load.cluster.barrier import APART_SECONDS, behind, in_step, sharing, with_common_quiet
from poc_cli.load.cluster.dask_worker import versions
from poc_cli.load.cluster.link import Link, linked
from poc_cli.load.cluster.members import (
    Clock,
    Member,
    is_loopback,
    raise_if_different,
    raise_if_elsewhere,
    raise_if_too_many,
)
from poc_cli.load.cluster.remote_shard import Part
from poc_cli.load.load_context import Glance, LoadSupervisor
from poc_cli.load.plan import Plan
from poc_cli.load.process_usage import Usage
from poc_cli.load.sharding import Shard, shards
from poc_cli.record.load_stage import ShardResult, merged
from poc_cli.record.ranges import words

BEGINS_AFTER_SECONDS: Final = 3.0
"""From sending the parts to their common start; they arrive within 0.1 s (measured)."""

STOPS_WITHIN_SECONDS: Final = 10.0
"""How long a part may take to return its result after it was stopped."""

Note = Callable[[str], None]


class Cluster:
    """The workers of a Dask scheduler."""

    def __init__(self, address: str, note: Note, *, runtime_is_here: bool) -> None:
        """Initialize with the scheduler's address; a runtime on this machine requires workers on this machine."""
        self._address = address
        self._note = note
        self._runtime_is_here = runtime_is_here

    async def survey(self, plan: Plan) -> None:
        """Check whether the cluster can run the load. Raises PocError with the reason if it cannot."""
        if not self._address.startswith("tls:"):
            reads = "" if is_loopback(self._address) else "can read the target's token on that network, and "
            self._note(
                f"{self._address} has no TLS: whoever can connect to the scheduler, also from this machine, {reads}can"
                " run programs as the users of its workers and as you; use tls:// with your own certificates"
            )
        async with linked(self._address) as link:
            self._shared(plan, await link.members(), play="", many_addresses=False)

    async def execute_part(
        self, shard: Shard, url: str, headers: Mapping[str, str], start_at: float, supervisor: LoadSupervisor
    ) -> ShardResult:
        """Run a load and return its result; canceling it ends it early with a partial result.

        `start_at` is ignored: all parts start together, soon. Raises PocError if no worker returned a result.
        """
        del start_at
        async with linked(self._address) as link:
            shared = self._shared(
                shard.plan, await link.members(), play=shard.play, many_addresses=shard.many_addresses
            )
            clocks = await asyncio.gather(*(link.clock(member) for _, member in shared))
            return await _ClusterRun(link, shared, clocks, supervisor, self._note).run(url, dict(headers))

    def _shared(
        self, plan: Plan, members: Sequence[Member], *, play: str, many_addresses: bool
    ) -> list[tuple[Shard, Member]]:
        """Return the parts, each with its member."""
        raise_if_different(members, versions())
        if self._runtime_is_here:
            raise_if_elsewhere(members)
        taking = members[: plan.sockets]
        parts = shards(in_step(plan), len(taking), play=play, lockstep=True)
        shared = [
            (replace(part, many_addresses=many_addresses), each) for part, each in zip(parts, taking, strict=True)
        ]
        raise_if_too_many(shared)
        return shared


class _ClusterRun:
    """The running parts of one load."""

    def __init__(
        self,
        link: Link,
        shared: Sequence[tuple[Shard, Member]],
        clocks: Sequence[Clock],
        supervisor: LoadSupervisor,
        note: Note,
    ) -> None:
        self._link = link
        self._clocks = clocks
        self._supervisor = supervisor
        self._note = note
        self._parts = [Part(shard, member, link, self._lost) for shard, member in shared]

    async def run(self, url: str, headers: dict[str, str]) -> ShardResult:
        self._supervisor.record(kinds.LOAD_CLUSTER, **self._description())
        self._supervisor.set_client_usage(self._uses)
        self._supervisor.watch(self._glance)
        start_at = time.time() + BEGINS_AFTER_SECONDS
        going = [
            asyncio.create_task(part.outcome(url, headers, start_at, clock))
            for part, clock in zip(self._parts, self._clocks, strict=True)
        ]
        interrupted = False
        try:
            await asyncio.wait(going)
        except asyncio.CancelledError:
            interrupted = True
            await asyncio.gather(*(part.stop() for part in self._parts))
            await asyncio.wait(going, timeout=STOPS_WITHIN_SECONDS)
        results = [self._ended(part, task) for part, task in zip(self._parts, going, strict=True)]
        if not interrupted and all(each.outcome == "lost" for each in results):
            raise TargetError(f"no worker returned a result; the first error: {results[0].reason}")
        whole = merged(self._agreed(results))
        for stage in whole.stages:
            self._supervisor.ended(stage)
        return whole

    def _ended(self, part: Part, task: "asyncio.Task[ShardResult]") -> ShardResult:
        if task.done():
            return task.result()
        task.cancel()
        return part.lose("it did not stop in time")

    def _agreed(self, results: Sequence[ShardResult]) -> Sequence[ShardResult]:
        """Return the results to merge; if parts share a room, those that fell behind count as lost."""
        if not sharing(self._parts[0].shard.plan, len(self._parts)):
            return results
        late = behind(results)
        kept = [
            part.lose(f"it fell {late[result.shards[0]]:.1f} s behind the others, with which it shares a room")
            if result.shards[0] in late
            else result
            for part, result in zip(self._parts, results, strict=True)
        ]
        return with_common_quiet(kept, max(clock.error for clock in self._clocks))

    def _lost(self, part: Part, why: str) -> None:
        address = part.member.address
        self._supervisor.record(kinds.LOAD_LOST, worker=address, sockets=part.sockets, why=why)
        self._note(f"the worker {address} with {words(part.sockets)} is lost: {why}")

    def _description(self) -> dict[str, object]:
        workers = [
            {
                "worker": part.member.address,
                "host": part.member.host,
                "sockets": part.sockets,
                "clock_ms": round(1000 * clock.ahead, 3),
                "clock_error_ms": round(1000 * clock.error, 3),
            }
            for part, clock in zip(self._parts, self._clocks, strict=True)
        ]
        return {"scheduler": self._link.address, "apart_ms": 1000 * APART_SECONDS, "workers": workers}

    def _uses(self) -> dict[str, Usage]:
        """Return the last known usage of all processes together."""
        uses = [part.use for part in self._parts]
        rss, files = sum(use.rss for use in uses), sum(use.files for use in uses)
        return {"client": Usage(rss, round(sum(use.cpu for use in uses), 3), files)}

    def _glance(self) -> Glance:
        """Return the state of all parts together; the latencies are those of the slowest."""
        known = [part.glance for part in self._parts if part.glance is not None]
        if not known:
            return Glance(f"{len(self._parts)} workers", 0, 0, 0, 0, 0, 0, 0.0, 0.0)
        added = {name: sum(getattr(each, name) for each in known) for name in _ADDED}
        slowest = max(known, key=lambda each: each.p99)
        return Glance(stage=known[0].stage, p50=slowest.p50, p99=slowest.p99, **added)


_ADDED: Final = ("open", "connecting", "failed", "sent", "came", "lost")
