"""What the stages of a load share: sending, waiting, and requesting the instances of rooms."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, NamedTuple, Protocol

from poc_cli.load.ledger import Ledger
from poc_cli.load.load_socket import Socket
from poc_cli.load.plan import Plan, Step
from poc_cli.load.process_usage import Usage
from poc_cli.load.sharding import Shard
from poc_cli.load.socket_pool import SocketPool
from poc_cli.record.load_stage import ShardResult, StageResult
from poc_cli.scenario.conditions import lookup
from poc_cli.scenario.values import MISSING
from poc_cli.targets.deadlines import LOOK_SECONDS

ASKED: Final = 3
"""Sockets per room that request its instance; at least two replies are needed as proof."""

WITHIN_SECONDS: Final = 10.0
"""How long the replies to that may take."""

_GLANCED: Final = ("delivery", "answer", "chat", "open")
"""Histograms whose percentiles are shown during a stage: the first that it has."""

_AT_ONCE: Final = 32
"""Messages that are due at the same time are sent in batches of this size, with reads in between."""


class Glance(NamedTuple):
    """The current state of a load; latencies in milliseconds, of the stage so far."""

    stage: str
    open: int
    connecting: int
    failed: int
    sent: int
    came: int
    lost: int
    p50: float
    p99: float


class ShardSupervisor(Protocol):
    """Callbacks of a shard: limits, evictions and results."""

    def watch(self, glance: Callable[[], Glance]) -> None:
        """Receive, before the start, a function that returns the current state."""

    def refuses(self) -> str:
        """Return why no more sockets may be opened now, empty if they may."""

    def lost_seconds(self) -> float:
        """Return how long the runtime was stopped or starved so far; 0 if it is not on this machine."""

    async def evict(self, rooms: Iterable[int]) -> list[dict[str, Any]]:
        """Evict rooms; return `room`, `outcome` and `said` of each."""

    def ended(self, result: StageResult) -> None:
        """Handle the end of a stage. An exception ends the load."""


@dataclass(slots=True)
class LoadContext:
    """A running shard."""

    plan: Plan
    pool: SocketPool
    ledger: Ledger
    supervisor: ShardSupervisor
    random: Random
    activity: asyncio.Event = field(default_factory=asyncio.Event)
    stalled_seconds: float = 0.0
    """How long this process did not run so far."""

    def __post_init__(self) -> None:
        """Connect the callbacks of sockets and messages to `activity`."""
        self.pool.changed = self.ledger.changed = self.activity.set

    def now(self) -> float:
        """Return the clock of all latencies, in seconds; uvloop's own clock stands still during an iteration."""
        return time.monotonic()

    # --- waiting

    async def until(self, condition: Callable[[], bool], within: float) -> bool:
        """Wait until a condition holds, checked after any activity; return whether it held in time.

        Time in which this process or the runtime could not run does not count.
        """
        begun, lost = self.now(), self.lost_seconds()
        while not condition():
            left = within + self.lost_seconds() - lost - (self.now() - begun)
            if left <= 0:
                return False
            self.activity.clear()
            # Not wait_for: before Python 3.12 it can lose a cancellation.
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, LOOK_SECONDS)):
                    await self.activity.wait()
        return True

    def lost_seconds(self) -> float:
        """Return how long this process or the runtime could not run so far."""
        return self.stalled_seconds + self.supervisor.lost_seconds()

    async def paced(self, times: Iterable[float]) -> AsyncIterator[float]:
        """Yield each time once it has come. Past times are yielded at once, unchanged, so that no delay is omitted.

        uvloop's timers round to milliseconds; if one fires early, the current time is yielded.
        """
        for number, intended in enumerate(times):
            delay = intended - self.now()
            if delay > 0:
                await asyncio.sleep(delay)
            elif number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            yield min(intended, self.now())

    async def drained(self, within: float, but: frozenset[int] = frozenset()) -> None:
        """Wait until nothing is expected at other sockets than `but`, or the time is over."""
        if but:
            await self.until(lambda: not self.ledger.awaits_others_than(but), within)
        else:
            await self.until(lambda: not self.ledger.open_items, within)

    # --- sending

    def exchange(self, socket: Socket, intended: float, name: str) -> None:
        """Send a message that the object replies to; `name` is the histogram."""
        number, mark = self.ledger.mark()
        self.ledger.expect_answer(number, socket, intended, name)
        self._send(socket, self.plan.exchange.with_mark(mark), is_binary=self.plan.exchange.is_binary)

    def broadcast(
        self, socket: Socket, receivers: Iterable[Socket], intended: float, slow: frozenset[int] = frozenset()
    ) -> None:
        """Send a message that is delivered to all receivers."""
        number, mark = self.ledger.mark()
        self.ledger.expect_everywhere(number, (each.index for each in receivers), intended, "delivery", slow)
        self._send(socket, self.plan.broadcast.with_mark(mark), is_binary=self.plan.broadcast.is_binary)

    def _send(self, socket: Socket, payload: bytes, *, is_binary: bool) -> None:
        socket.send(payload, is_binary=is_binary)

    # --- instances

    async def ask_instances(self, result: StageResult, *, after: bool) -> None:
        """Request the instance of each room on some of its sockets, and record the replies.

        After a sleep only sockets are used that were open before it.
        """
        if self.plan.instance is None:
            return
        for room, sockets in self.pool.by_room().items():
            known = [each for each in sockets if each.is_witness or not after]
            # A single socket requests twice, because two replies are needed.
            for socket in (known * 2)[: max(2, min(ASKED, len(known)))] if known else ():
                self._ask(socket, room, result, after=after)
        await self.drained(WITHIN_SECONDS)
        self.ledger.give_up()

    def _ask(self, socket: Socket, room: int, result: StageResult, *, after: bool) -> None:
        number, mark = self.ledger.mark()

        def record(answering: Socket, data: bytes) -> None:
            result.told.append([room, answering.index, self._instance_in(data), after])

        self.ledger.expect_answer(number, socket, self.now(), "", record)
        self._send(socket, self.plan.who.with_mark(mark), is_binary=self.plan.who.is_binary)

    def _instance_in(self, data: bytes) -> str | None:
        try:
            found = lookup(json.loads(data), self.plan.instance or "")
        except (ValueError, RecursionError):
            return None
        return None if found is MISSING or found is None else str(found)

    def glance(self, step: Step | None) -> Glance:
        """Return the current state."""
        tally = self.ledger.tally
        shown = next((tally.latencies[name] for name in _GLANCED if name in tally.latencies), None)
        return Glance(
            stage="" if step is None else f"{step.verb} {step.how}".strip(),
            open=self.pool.open_count,
            connecting=len(self.pool.opening),
            failed=len(self.pool.failures),
            sent=tally.sent,
            came=tally.came,
            lost=tally.lost,
            p50=0.0 if shown is None else shown.at(50),
            p99=0.0 if shown is None else shown.at(99),
        )


class LoadSupervisor(ShardSupervisor, Protocol):
    """A supervisor that writes the history."""

    def record(self, kind: str, **data: Any) -> None:
        """Write an event."""

    def set_client_usage(self, uses: Callable[[], dict[str, Usage]]) -> None:
        """Use these numbers instead of those measured here for processes of the same name."""


Execute = Callable[[Shard, str, Mapping[str, str], float, LoadSupervisor], Coroutine[Any, Any, ShardResult]]
"""Runs a whole load: the shard, the worker's URL, the headers, the start time and the supervisor."""
