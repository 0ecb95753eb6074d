"""What one client has received, what of it was read, and how to wait for more.

Never looks at a socket. Reading positions follow the language: a step that sends looks only at what arrived after
its send; one that does not takes on from where the last reading stopped.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from poc_cli.scenario.matching import Message


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


class Inbox:
    """An endless list of messages with a read position."""

    def __init__(self) -> None:
        """Begin empty and open."""
        self._all: list[Received] = []
        self._position = 0
        self._ended = False
        self._moved = asyncio.Event()
        self._read = asyncio.Event()

    def put(self, received: Received) -> None:
        """Append a message."""
        self._all.append(received)
        self._moved.set()

    def end(self) -> None:
        """Say that nothing will come any more."""
        self._ended = True
        self._moved.set()

    @property
    def size(self) -> int:
        """Give the number of messages so far."""
        return len(self._all)

    @property
    def position(self) -> int:
        """Give the read position: the number of messages up to the last one that was read."""
        return self._position

    def since(self, start: int) -> tuple[Received, ...]:
        """Give the messages from a position on."""
        return tuple(self._all[start:])

    def unread(self) -> Iterator[Received]:
        """Give what no step has read."""
        return (received for received in self._all if not received.read)

    async def room(self, most: int) -> None:
        """Wait while more messages than that lie behind the read position."""
        while self.size - self._position > most:
            self._read.clear()
            await self._read.wait()

    async def take(
        self, start: int, wanted: Callable[[Message], bool], deadline: float, *, very_next: bool = False
    ) -> Taken:
        """Wait until the loop's time `deadline` for a wanted message from `start` on; what is passed over is read."""
        passed: list[Received] = []
        index = start
        while True:
            while index < len(self._all):
                received = self._all[index]
                index += 1
                received.read = True
                self._position = index
                self._read.set()
                if wanted(received.message):
                    return Taken(received, tuple(passed))
                passed.append(received)
                if very_next:
                    return Taken(None, tuple(passed))
            if self._ended or not await self._wait(deadline):
                return Taken(None, tuple(passed))

    async def quiet(self, start: int, deadline: float) -> Received | None:
        """Wait until the deadline for silence; give the first message that broke it."""
        while True:
            if len(self._all) > start:
                return self._all[start]
            if self._ended or not await self._wait(deadline):
                return None

    async def _wait(self, deadline: float) -> bool:
        self._moved.clear()
        try:
            async with asyncio.timeout_at(deadline):
                await self._moved.wait()
        except TimeoutError:
            return False
        return True
