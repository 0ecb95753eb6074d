"""How many sockets a runtime may hold, and who has to wait: workerd ends when it runs out of descriptors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from poc_cli.descriptors import DESCRIPTORS_PER_SOCKET, sockets_possible
from poc_cli.errors import TargetError
from poc_cli.scenario.plays import Play


def raise_if_too_many(play: Play) -> None:
    """Raise TargetError where a play alone has more sockets than fit."""
    wanted, possible = len(play.clients), sockets_possible()
    if wanted > possible:
        raise TargetError(
            f"{wanted} sockets do not fit: workerd takes {DESCRIPTORS_PER_SOCKET} file descriptors for each, "
            f"and the limit of this process allows {possible} sockets",
            "raise the limit (ulimit -n), or use fewer clients",
        )


class Admission:
    """Lets plays in while their sockets fit, in the order in which they came."""

    def __init__(self, capacity: int) -> None:
        """Take how many sockets fit."""
        self._capacity = capacity
        self._taken = 0
        self._left = asyncio.Condition()

    @asynccontextmanager
    async def of(self, sockets: int) -> AsyncIterator[None]:
        """Wait until so many sockets fit, or all if they never will, and give them back at the end."""
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
