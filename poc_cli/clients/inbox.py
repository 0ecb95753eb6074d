"""The messages that a client has received, with a read position, and how to wait for more."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

from poc_cli.scenario.matching import Message

MOST_MESSAGES: Final = 50_000
"""Messages held since the last one that a step was waiting for: more than twice the 20,000 steps that lint allows
(scenario/lint_rules.py)."""

MOST_BYTES: Final = 512 << 20
"""Characters or bytes of those messages: sixteen of the largest that the runtime sends (32 MiB)."""


@dataclass(slots=True)
class Received:
    """A message, its event in the history, and whether a step has read it."""

    message: Message
    event_id: int
    t_ns: int
    read: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """The outcome of reading: the matching message, or None, and those that were passed over."""

    match: Received | None
    passed_over: tuple[Received, ...]


class Limit(Protocol):
    """How long to wait."""

    @property
    def left_s(self) -> float:
        """Return how many seconds are left; 0 or less if none."""


@dataclass(frozen=True, slots=True)
class Until:
    """A deadline on the event loop's clock."""

    deadline: float

    @property
    def left_s(self) -> float:
        """Return how many seconds are left."""
        return self.deadline - asyncio.get_running_loop().time()


class Expired:
    """A limit in the past: only messages that are already there are read."""

    left_s = 0.0


class Inbox:
    """A queue of messages with a read position; messages before a match are dropped."""

    def __init__(self) -> None:
        self._kept: deque[Received] = deque()
        self._dropped = 0  # messages dropped from the front; positions include them
        self._kept_bytes = 0
        self._skipped: list[int] = []
        self._position = 0
        self._ended = False
        self._moved = asyncio.Event()
        self._read = asyncio.Event()

    def put(self, received: Received) -> None:
        """Append a message."""
        self._kept.append(received)
        self._kept_bytes += _size(received.message)
        self._moved.set()

    def end(self) -> None:
        """Mark the end: nothing more will come."""
        self._ended = True
        self._moved.set()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come."""
        return self._ended

    @property
    def overflow(self) -> str | None:
        """Return what was received if it is more than an inbox holds, else None."""
        if len(self._kept) > MOST_MESSAGES:
            return f"more than {MOST_MESSAGES:,} messages that no step was waiting for"
        if self._kept_bytes > MOST_BYTES:
            return f"more than {MOST_BYTES >> 20} MiB that no step was waiting for"
        return None

    @property
    def size(self) -> int:
        """Return the number of messages so far."""
        return self._dropped + len(self._kept)

    @property
    def position(self) -> int:
        """Return the read position: the number of messages up to the last one that was read."""
        return self._position

    def since(self, start: int) -> tuple[Received, ...]:
        """Return the messages from a position on."""
        return tuple(islice(self._kept, max(0, start - self._dropped), None))

    def unread(self) -> Iterator[int]:
        """Return the event ids of messages that no step has read."""
        yield from self._skipped
        yield from (received.event_id for received in self._kept if not received.read)

    async def wait_for_room(self, most: int) -> None:
        """Wait while more than `most` messages are unread."""
        while self.size - self._position > most:
            self._read.clear()
            await self._read.wait()

    async def take(
        self,
        start: int,
        wanted: Callable[[Message], bool],
        limit: Limit,
        *,
        very_next: bool = False,
        until_ns: int | None = None,
    ) -> Taken:
        """Wait for a wanted message from `start` on until the limit; messages that are passed over count as read.

        Messages that came after `until_ns` are left.
        """
        passed: list[Received] = []
        index = start
        while True:
            index = max(index, self._dropped)  # another reader may have dropped messages
            while index < self.size:
                received = self._at(index)
                if until_ns is not None and received.t_ns > until_ns:
                    return Taken(None, tuple(passed))
                index += 1
                received.read = True
                self._position = index
                self._read.set()
                if wanted(received.message):
                    self._drop(index - 1)
                    return Taken(received, tuple(passed))
                passed.append(received)
                if very_next:
                    return Taken(None, tuple(passed))
            if self._ended or not await self._wait(limit):
                return Taken(None, tuple(passed))

    async def quiet(self, start: int, limit: Limit) -> Received | None:
        """Wait until the limit for silence; return the first message if one comes."""
        start = max(start, self._dropped)
        while True:
            if self.size > start:
                return self._at(start)
            if self._ended or not await self._wait(limit):
                return None

    def _at(self, index: int) -> Received:
        return self._kept[index - self._dropped]

    def _drop(self, end: int) -> None:
        """Drop the messages before a position; no step reads before an earlier step's match."""
        while self._dropped < end:
            received = self._kept.popleft()
            self._dropped += 1
            self._kept_bytes -= _size(received.message)
            if not received.read:
                self._skipped.append(received.event_id)

    async def _wait(self, limit: Limit) -> bool:
        self._moved.clear()
        # Ask the limit again each time: it grows if this process was suspended.
        while (left := limit.left_s) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._moved.wait()
                return True
        return False


def _size(message: Message) -> int:
    return len(message.text or message.data or "")
