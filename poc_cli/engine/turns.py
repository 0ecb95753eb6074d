"""Who may be busy: of many plays side by side only some at a time, while the others wait for time to pass.

Never decides which play is next; whoever has waited longest is.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

BUSY_AT_ONCE: Final = 16
"""Plays that act at the same moment. More make the one thread of workerd, and our own, late for all of them: among 200
a wake took 48 to 63 ms instead of 1.5 (RUNTIME), and with 64 the runtime missed the 2 s in which it must answer."""

SOON_SECONDS: Final = 0.1
"""A step that takes longer is waiting: for a timer, for a sleep, for a message that does not come."""

BUSY_SECONDS: Final = 1.0
"""Where the runtime or we have more to do than there is time for, a step that takes longer may only be late, and
the next play would make all later still: with all let in, 60 handshakes took over 5 s together. After this time
it counts as waiting all the same."""


class Turn:
    """The place of one play among those that are busy."""

    def __init__(self, places: asyncio.Semaphore, is_busy: Callable[[], Callable[[], bool]]) -> None:
        """Take what all plays share; this one has no place yet.

        `is_busy` is called at a moment and gives what says whether everybody has been busy since.
        """
        self._places = places
        self._is_busy = is_busy
        self._has_place = False

    async def take(self, step: Coroutine[Any, Any, T]) -> T:
        """Give what the step gives. It begins once the play has a place.

        The place is kept from step to step, so that nothing comes between them, and lost in a step that waits.
        """
        try:
            if not self._has_place:
                await self._places.acquire()
                self._has_place = True
        except asyncio.CancelledError:
            step.close()
            raise
        task = asyncio.ensure_future(step)
        try:
            await self._wait(task)
            if not task.done():
                self.leave()
            return await task
        finally:
            await _end(task)

    async def _wait(self, task: "asyncio.Task[Any]") -> None:
        """Wait for as long as the step may only be late."""
        for _ in range(round(BUSY_SECONDS / SOON_SECONDS)):
            was_busy = self._is_busy()
            await asyncio.wait([task], timeout=SOON_SECONDS)
            if task.done() or not was_busy():
                return

    def leave(self) -> None:
        """Give the place back, if the play has one."""
        if self._has_place:
            self._has_place = False
            self._places.release()


async def _end(task: "asyncio.Task[Any]") -> None:
    """Cancel what still goes on and wait until it has cleaned up after itself."""
    if not task.done():
        task.cancel()
        await asyncio.wait([task])
