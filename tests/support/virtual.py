"""An event loop whose time is virtual: it jumps to whatever is due next as soon as nothing is left to do.

`World` is the time and what happens in it outside of the loop. While the loop stands still the world goes on: once the
loop looks again, everything that was due meanwhile has happened at its own time.
"""

import asyncio
import heapq
import math
import selectors
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, TypeVar

SECOND: Final = 1_000_000_000

Result = TypeVar("Result")


class NothingIsDueError(Exception):
    """Everybody waits, and nothing will ever happen."""


@dataclass(order=True, slots=True)
class Due:
    """Something that will happen, unless it is called off."""

    at_ns: int
    number: int
    action: Callable[[], None] | None = field(compare=False)

    def cancel(self) -> None:
        """Call it off."""
        self.action = None


class World:
    """Virtual time, and what is due in it."""

    def __init__(self) -> None:
        """Begin at a time that is not zero, as a monotonic clock does."""
        self.now_ns = 1000 * SECOND
        self._moment_ns: int | None = None
        self._numbers = count()
        self._agenda: list[Due] = []

    def clock(self) -> int:
        """Return the time, as `time.monotonic_ns` would."""
        return self.now_ns

    @property
    def moment_ns(self) -> int:
        """Return the time of what happens now, which a loop that stood still notices only later."""
        return self.now_ns if self._moment_ns is None else self._moment_ns

    def at(self, at_ns: int, action: Callable[[], None]) -> Due:
        """Let something happen at a time."""
        due = Due(at_ns, next(self._numbers), action)
        heapq.heappush(self._agenda, due)
        return due

    def stand_still(self, seconds: float) -> None:
        """Let time pass in which the caller, and so the loop, does nothing."""
        self.now_ns += round(seconds * SECOND)

    def pass_time(self, limit_ns: int | None) -> None:
        """Jump to what is due next, but no further than the limit, and let it happen."""
        if self._happens() or limit_ns == 0:
            return
        ends = [due.at_ns for due in self._agenda[:1]] + ([] if limit_ns is None else [self.now_ns + limit_ns])
        if not ends:
            raise NothingIsDueError
        self.now_ns = max(self.now_ns, min(ends))
        self._happens()

    def _happens(self) -> bool:
        """Let everything happen that is due by now; return whether anything did."""
        happened = False
        while self._agenda and self._agenda[0].at_ns <= self.now_ns:
            due = heapq.heappop(self._agenda)
            if due.action is not None:
                self._moment_ns = due.at_ns
                due.action()
                happened = True
        self._moment_ns = None
        return happened


class _Selector(selectors.SelectSelector):
    """Passes virtual time; there is nothing to select from but the pipe by which a loop wakes itself."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # Rounded up, so that a timer is never asked for again within the same nanosecond.
        self._world.pass_time(None if timeout is None else max(0, math.ceil(timeout * SECOND)))
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in a world."""

    def __init__(self, world: World) -> None:
        """Take the world whose time it has."""
        self._world = world
        super().__init__(_Selector(world))

    def time(self) -> float:
        """Return the world's time in seconds."""
        return self._world.now_ns / SECOND


def run(main: Callable[[World], Coroutine[Any, Any, Result]]) -> Result:
    """Run a coroutine in a world of its own."""
    world = World()
    loop = VirtualLoop(world)
    try:
        return loop.run_until_complete(main(world))
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.wait(left))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
