"""What one client has received, what of it was read, and how to wait for more."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

from poc_cli.scenario.matching import Message

MOST_MESSAGES: Final = 50_000
"""Messages that an inbox holds of what came since the last one that a step was waiting for. Lint allows 20,000 steps
(scenario/lint_rules.py), so more than twice as many tell nobody anything."""

MOST_BYTES: Final = 512 << 20
"""Characters or bytes of them: sixteen of the largest messages that the runtime sends (32 MiB)."""


@dataclass(slots=True)
class Received:
    """A message, the event of the history that tells of it, and whether a step has read it."""

    message: Message
    event_id: int
    t_ns: int
    read: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """The outcome of a reading: the match, or None, and what was passed over on the way."""

    match: Received | None
    passed_over: tuple[Received, ...]


class Limit(Protocol):
    """How long something may be waited for."""

    @property
    def left_s(self) -> float:
        """Return how many seconds are left; 0 or less where it is over."""


@dataclass(frozen=True, slots=True)
class Until:
    """A limit at a time of the event loop."""

    deadline: float

    @property
    def left_s(self) -> float:
        """Return how many seconds are left."""
        return self.deadline - asyncio.get_running_loop().time()


class Over:
    """A limit that is over: only what is there already is looked at."""

    left_s = 0.0


class Inbox:
    """A list of messages with a read position; what lies before a match is not kept."""

    def __init__(self) -> None:
        """Begin empty and open."""
        self._kept: deque[Received] = deque()
        self._dropped = 0  # from the front; positions count them too
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
        """Say that nothing will come any more."""
        self._ended = True
        self._moved.set()

    @property
    def has_ended(self) -> bool:
        """Whether nothing will come any more."""
        return self._ended

    @property
    def overflow(self) -> str | None:
        """Return what came where it was more than an inbox holds, None as long as it was not."""
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
        """Return the events of what no step has read."""
        yield from self._skipped
        yield from (received.event_id for received in self._kept if not received.read)

    async def room(self, most: int) -> None:
        """Wait while more messages than that lie behind the read position."""
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
        """Wait for a wanted message from `start` on for as long as the limit says; what is passed over is read.

        What came after `until_ns` is left where it is.
        """
        passed: list[Received] = []
        index = start
        while True:
            index = max(index, self._dropped)  # another reader may have been faster
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
        """Wait for silence for as long as the limit says; give the first message that broke it."""
        start = max(start, self._dropped)
        while True:
            if self.size > start:
                return self._at(start)
            if self._ended or not await self._wait(limit):
                return None

    def _at(self, index: int) -> Received:
        return self._kept[index - self._dropped]

    def _drop(self, end: int) -> None:
        """Drop the messages before a position: no step looks behind what an earlier one was waiting for."""
        while self._dropped < end:
            received = self._kept.popleft()
            self._dropped += 1
            self._kept_bytes -= _size(received.message)
            if not received.read:
                self._skipped.append(received.event_id)

    async def _wait(self, limit: Limit) -> bool:
        self._moved.clear()
        # The limit is asked again each time: where we were away meanwhile, there is more of it left.
        while (left := limit.left_s) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._moved.wait()
                return True
        return False


def _size(message: Message) -> int:
    return len(message.text or message.data or "")
