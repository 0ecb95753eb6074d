"""Limit the sockets that are open at once: workerd exits when it runs out of file descriptors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from poc_cli.descriptors import DESCRIPTORS_PER_SOCKET, sockets_possible
from poc_cli.errors import TargetError
from poc_cli.scenario.plays import Play


def raise_if_too_many(play: Play) -> None:
    """Raise TargetError if one play opens more sockets than the limit allows."""
    needed, possible = len(play.clients), sockets_possible()
    if needed > possible:
        raise TargetError(
            f"the play needs {needed} sockets: workerd takes {DESCRIPTORS_PER_SOCKET} file descriptors for each, "
            f"and the limit of this process allows {possible} sockets",
            "raise the limit (ulimit -n), or use fewer clients",
        )


class Admission:
    """Admit plays in order of arrival while their sockets fit within a capacity."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._taken = 0
        self._left = asyncio.Condition()

    @asynccontextmanager
    async def of(self, sockets: int) -> AsyncIterator[None]:
        """Reserve sockets for the duration of the context; a request above the capacity reserves all of it."""
        sockets = min(sockets, self._capacity)
        async with self._left:
            await self._left.wait_for(lambda: self._taken + sockets <= self._capacity)
            self._taken += sockets
        try:
            yield
        finally:
            async with self._left:
                self._taken -= sockets
                self._left.notify_all()
