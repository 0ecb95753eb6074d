"""Who may be busy: of many plays side by side only some at a time, while the others wait for time to pass.

Never decides which play is next; whoever has waited longest is.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

BUSY_AT_ONCE: Final = 16
"""Plays that act at the same moment. More make the one thread of workerd, and our own, late for all of them: among 200
a wake took 48 to 63 ms instead of 1.5 (RUNTIME), and with 64 the runtime missed the 2 s in which it must answer."""

SOON_SECONDS: Final = 0.1
"""A step that takes longer is waiting: for a timer, for a sleep, for a message that does not come."""


class Turn:
    """The place of one play among those that are busy."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        """Take what all plays share; this one has no place yet."""
        self._places = places
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
            await asyncio.wait([task], timeout=SOON_SECONDS)
            if not task.done():
                self.leave()
            return await task
        finally:
            await _end(task)

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
