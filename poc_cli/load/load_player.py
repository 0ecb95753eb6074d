"""Run a load against a target and write its stages, samples and fates into the history."""

import asyncio
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, Protocol

from poc_cli.errors import PocError
from poc_cli.history import event as kinds
from poc_cli.history.writer import HistoryWriter
from poc_cli.load.capacity import limits, wants_many_addresses
from poc_cli.load.load_context import Execute, Glance
from poc_cli.load.plan import Plan
from poc_cli.load.process_usage import Meter, Usage
from poc_cli.load.shard_runner import INTERRUPTED, execute
from poc_cli.load.sharding import Shard, shards
from poc_cli.load.site import LoadTarget
from poc_cli.record.load_stage import ShardResult, StageResult
from poc_cli.scenario.scenario import Scenario
from poc_cli.scenario.templates import render_text
from poc_cli.targets.base import TargetDied
from poc_cli.targets.cpu_pressure import LostTime
from poc_cli.targets.sidecar import LOOK_INTO_LOG

SAMPLED_EVERY_SECONDS: Final = 1.0
"""Seconds between samples; counting the descriptors of a runtime with 10,000 sockets takes 8 ms."""

EVICTIONS_AT_ONCE: Final = 16
"""Concurrent evictions; one that waits for work in the object takes 30 s and should not delay the others."""


@dataclass(frozen=True, slots=True)
class Load:
    """A scenario, its plan and the function that runs it."""

    scenario: Scenario
    plan: Plan
    execute: Execute = execute


class LoadProgress(Protocol):
    """Callbacks about the progress of a load."""

    def sampled(self, glance: Glance, uses: dict[str, Usage], files: int) -> None:
        """Handle a sample, about once a second; `files` is the limit of open files."""

    def staged(self, result: StageResult) -> None:
        """Handle the end of a stage."""


Outcome = Literal["done", "error", "interrupted"]


async def play(load: Load, site: LoadTarget, history: HistoryWriter, progress: LoadProgress) -> Outcome:
    """Run and record a load; return how it ended: `done`, `error` or `interrupted`."""
    return await _Play(load, site, history, progress).run()


class _Play:
    """A running load; it supervises its one shard."""

    def __init__(self, load: Load, site: LoadTarget, history: HistoryWriter, progress: LoadProgress) -> None:
        self._load = load
        self._site = site
        self._history = history
        self._progress = progress
        self._nonce = secrets.token_hex(4)
        self._limit = limits().files
        self._meter = Meter({})
        self._lost = LostTime(None)
        self._uses: dict[str, Usage] = {}
        self._glance: Callable[[], Glance] | None = None
        self._client_usage: Callable[[], dict[str, Usage]] = dict
        self._evicting = asyncio.Semaphore(EVICTIONS_AT_ONCE)

    async def run(self) -> Outcome:
        """Run the load from the start of the runtime to its end."""
        self._write(kinds.PLAY_START, **self._description())
        outcome: Outcome = "error"
        reason = "the load ended unexpectedly"
        try:
            if self._site.is_local or self._load.execute is execute:  # other executors check their own limits
                self._site.raise_if_too_many(self._load.plan)
            async with self._site.running():
                outcome, reason = await self._through()
        except PocError as error:
            reason = error.in_a_line
        except OSError as error:
            reason = f"{self._site.url}: {error}"
        except asyncio.CancelledError:
            outcome, reason = "interrupted", INTERRUPTED
        finally:
            self._write(kinds.PLAY_END, outcome=outcome, reason=reason)
        return outcome

    async def _through(self) -> tuple[Outcome, str]:
        self._meter = Meter({"client": os.getpid()} | self._site.processes)
        self._lost = LostTime(self._site.processes.get("runtime"))
        going = asyncio.create_task(self._load.execute(self._shard(), self._site.url, self._site.headers, 0, self))
        looking = asyncio.create_task(self._look())
        outcome: Outcome = "done"
        try:
            await asyncio.wait({going, looking}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            outcome = "interrupted"
        if not going.done():
            going.cancel()  # it still returns a result
        result = await going
        looking.cancel()
        self._write(kinds.LOAD_FATES, **result.fates)
        await self._raise_if_gone(result)
        return outcome, "" if outcome == "done" else INTERRUPTED

    def _shard(self) -> Shard:
        (whole,) = shards(self._load.plan, 1, play=self._nonce)
        return replace(whole, many_addresses=self._site.is_local and wants_many_addresses(self._load.plan, limits()))

    def _write(self, kind: str, **data: Any) -> None:
        self._history.add(self._load.scenario.document.name, "poc", kind, **data)

    def _description(self) -> dict[str, Any]:
        scenario = self._load.scenario
        return {
            "scenario": scenario.document.name,
            "file": scenario.file,
            "text": scenario.text,
            "sha256": scenario.sha256,
            "role": "load",
            "decides": [],
            "nonce": self._nonce,
            "plan": self._load.plan.as_json(),
            "limit": self._limit,
            "load_average": round(os.getloadavg()[0], 2),
        }

    # --- as the supervisor

    def record(self, kind: str, **data: Any) -> None:
        """Write an event."""
        self._write(kind, **data)

    def set_client_usage(self, uses: Callable[[], dict[str, Usage]]) -> None:
        """Use these numbers as the usage of the client."""
        self._client_usage = uses

    def watch(self, glance: Callable[[], Glance]) -> None:
        """Keep the function that returns the state, and write a sample before the first socket."""
        self._glance = glance
        self._sample()

    def refuses(self) -> str:
        """Return why no more sockets may be opened now, empty if they may."""
        runtime = self._uses.get("runtime")
        return self._site.refuses(None if runtime is None else runtime.files)

    def lost_seconds(self) -> float:
        """Return how long the runtime was stopped or starved so far."""
        return self._lost.look()

    async def evict(self, rooms: Iterable[int]) -> list[dict[str, Any]]:
        """Evict rooms, several at a time."""
        return list(await asyncio.gather(*(self._evicted(room) for room in rooms)))

    async def _evicted(self, room: int) -> dict[str, Any]:
        reference = next(iter(self._load.scenario.objects.values()), None)
        if reference is None or reference.name is None:
            return {"room": room, "outcome": "no_answer", "said": "the scenario does not name its objects"}
        name = render_text(reference.name, {"play": self._nonce, "room": room})
        async with self._evicting:
            eviction = await self._site.evict(reference.class_, name)
        return {"room": room, "outcome": eviction.outcome, "said": eviction.message}

    def ended(self, result: StageResult) -> None:
        """Write the result of a stage, and a sample at its end."""
        self._write(kinds.LOAD_STAGE, **result.as_json())
        self._sample()
        self._progress.staged(result)

    async def _look(self) -> None:
        """Write samples until the runtime has ended."""
        while await self._site.gone(patiently=False) is None:
            await asyncio.sleep(SAMPLED_EVERY_SECONDS)
            self._sample()

    async def _raise_if_gone(self, result: ShardResult) -> None:
        broken = any(group["code"] == _BROKEN for group in result.fates["dropped"])
        how = await self._site.gone(patiently=broken and not result.fates["open"])
        if how is not None:
            raise TargetDied(how, LOOK_INTO_LOG)

    def _sample(self) -> None:
        if self._glance is None:
            return
        self._uses = self._meter.uses() | self._client_usage()
        glance = self._glance()
        counts = {name: value for name, value in glance._asdict().items() if name not in {"p50", "p99"}}
        self._write(kinds.LOAD_SAMPLE, **counts, uses={name: use.as_json() for name, use in self._uses.items()})
        self._progress.sampled(glance, self._uses, self._limit)


_BROKEN: Final = 1006
"""The close code of a connection that ended without a close frame."""
