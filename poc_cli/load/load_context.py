"""What the stages of a load share: sending, waiting, and asking rooms which instance they are."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, NamedTuple, Protocol

from poc_cli.load.ledger import Ledger
from poc_cli.load.load_socket import Socket
from poc_cli.load.plan import Plan, Step
from poc_cli.load.socket_pool import SocketPool
from poc_cli.record.load_stage import StageResult
from poc_cli.scenario.conditions import lookup
from poc_cli.scenario.values import MISSING

ASKED: Final = 3
"""Sockets of a room that are asked for its instance: two answers are the least that prove anything."""

WITHIN_SECONDS: Final = 10.0
"""How long the answer to that may take."""

_GLANCED: Final = ("delivery", "answer", "chat", "open")
"""Whose percentiles are shown while a stage goes on: the first that it has."""

_AT_ONCE: Final = 32
"""Messages that are sent before what has arrived meanwhile is read, where they are due at the same moment."""


class Glance(NamedTuple):
    """How a load is doing at one moment; latencies in milliseconds, of the stage so far."""

    stage: str
    open: int
    connecting: int
    failed: int
    sent: int
    came: int
    lost: int
    p50: float
    p99: float


class Conductor(Protocol):
    """Whoever a shard is carried out for."""

    def watch(self, glance: Callable[[], Glance]) -> None:
        """Take what tells how it is doing, once, before it begins."""

    def refuses(self) -> str:
        """Return why no further socket may be opened now, the empty text where one may."""

    async def evict(self, rooms: Iterable[int]) -> list[dict[str, Any]]:
        """Have rooms leave memory; give `room`, `outcome` and `said` of each."""

    def ended(self, result: StageResult) -> None:
        """Hear that a stage is over. What this raises ends the load."""


@dataclass(slots=True)
class LoadContext:
    """One shard under way."""

    plan: Plan
    crowd: SocketPool
    ledger: Ledger
    conductor: Conductor
    chance: Random
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Hear whatever moves."""
        self.crowd.changed = self.ledger.changed = self.moved.set

    def now(self) -> float:
        """Return the clock of all latencies, in seconds: the loop's own may stand still for a turn (uvloop's does)."""
        return time.monotonic()

    # --- waiting

    async def until(self, condition: Callable[[], bool], within: float) -> bool:
        """Wait until a condition holds, looking whenever something moves; give whether it came to hold in time."""
        give_up = self.now() + within
        while not condition():
            left = give_up - self.now()
            if left <= 0:
                return False
            self.moved.clear()
            try:
                # Not wait_for: before Python 3.12 it loses a cancellation that comes with what is waited for.
                async with asyncio.timeout(left):
                    await self.moved.wait()
            except TimeoutError:
                return condition()
        return True

    async def paced(self, times: Iterable[float]) -> AsyncIterator[float]:
        """Yield each time when it has come. One that is past is given at once, with its own time: no omission.

        uvloop's timers round to milliseconds, so one may strike early: then it is that moment that counts.
        """
        for number, intended in enumerate(times):
            delay = intended - self.now()
            if delay > 0:
                await asyncio.sleep(delay)
            elif number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            yield min(intended, self.now())

    async def drained(self, within: float, but: frozenset[int] = frozenset()) -> None:
        """Wait until nothing is awaited any more at other sockets than these, or it has taken too long."""
        if but:
            await self.until(lambda: not self.ledger.awaits_others_than(but), within)
        else:
            await self.until(lambda: not self.ledger.open_items, within)

    # --- sending

    def exchange(self, socket: Socket, intended: float, name: str) -> None:
        """Send a message that the object answers; `name` is of the histogram."""
        number, mark = self.ledger.mark()
        self.ledger.expect_answer(number, socket, intended, name)
        self._send(socket, self.plan.exchange.made(mark), is_binary=self.plan.exchange.is_binary)

    def broadcast(
        self, socket: Socket, receivers: Iterable[Socket], intended: float, slow: frozenset[int] = frozenset()
    ) -> None:
        """Send a message that comes to all receivers."""
        number, mark = self.ledger.mark()
        self.ledger.expect_everywhere(number, (each.index for each in receivers), intended, "delivery", slow)
        self._send(socket, self.plan.broadcast.made(mark), is_binary=self.plan.broadcast.is_binary)

    def _send(self, socket: Socket, payload: bytes, *, is_binary: bool) -> None:
        socket.send(payload, is_binary=is_binary)

    # --- who is there

    async def ask_instances(self, result: StageResult, *, after: bool) -> None:
        """Ask some sockets of each room for its instance, and write down what is answered.

        After a sleep only those are asked that were open before it.
        """
        if self.plan.instance is None:
            return
        for room, sockets in self.crowd.by_room().items():
            known = [each for each in sockets if each.is_witness or not after]
            # One alone is asked twice: it takes two answers to be believed.
            for socket in (known * 2)[: max(2, min(ASKED, len(known)))] if known else ():
                self._ask(socket, room, result, after=after)
        await self.drained(WITHIN_SECONDS)
        self.ledger.give_up()

    def _ask(self, socket: Socket, room: int, result: StageResult, *, after: bool) -> None:
        number, mark = self.ledger.mark()

        def told(answering: Socket, data: bytes) -> None:
            result.told.append([room, answering.index, self._instance_in(data), after])

        self.ledger.expect_answer(number, socket, self.now(), "", told)
        self._send(socket, self.plan.who.made(mark), is_binary=self.plan.who.is_binary)

    def _instance_in(self, data: bytes) -> str | None:
        try:
            found = lookup(json.loads(data), self.plan.instance or "")
        except (ValueError, RecursionError):
            return None
        return None if found is MISSING or found is None else str(found)

    def glance(self, step: Step | None) -> Glance:
        """Return how it is doing."""
        tally = self.ledger.tally
        told = next((tally.latencies[name] for name in _GLANCED if name in tally.latencies), None)
        return Glance(
            stage="" if step is None else f"{step.verb} {step.how}".strip(),
            open=self.crowd.open_count,
            connecting=len(self.crowd.opening),
            failed=len(self.crowd.failures),
            sent=tally.sent,
            came=tally.came,
            lost=tally.lost,
            p50=0.0 if told is None else told.at(50),
            p99=0.0 if told is None else told.at(99),
        )
