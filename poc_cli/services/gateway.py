"""One address for the worker of every play: a request goes to the worker of the play that it names."""

import socket
from collections.abc import Callable, Iterable
from typing import Final

from poc_cli.clients.relay import Head, Relay
from poc_cli.targets.endpoint import Door

_LOOPBACK: Final = "127.0.0.1"


def bound() -> socket.socket:
    """Return a socket with a port of its own, held until somebody listens on it."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.bind((_LOOPBACK, 0))
    return made


class Gateway:
    """Listens on one port; plays come and go."""

    def __init__(self) -> None:
        """Take a port; nothing listens yet."""
        self._bound = bound()
        self._plays: dict[str, Callable[[], Door]] = {}
        self._relay = Relay(self._route, None, self._bound)

    @property
    def port(self) -> int:
        """Return its port."""
        port: int = self._bound.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Return its address, without a slash at the end."""
        return f"http://{_LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Listen."""
        await self._relay.start()

    async def stop(self) -> None:
        """Listen no more."""
        await self._relay.stop()
        self._bound.close()

    def lead(self, play: str, door: Callable[[], Door]) -> None:
        """Let what names a play go where the door leads, whenever it is asked."""
        self._plays[play] = door

    def unlead(self, play: str) -> None:
        """Know the play no more."""
        self._plays.pop(play, None)

    def _route(self, head: Head) -> Door | None:
        play = named(self._plays, head.text)
        if play is not None:
            return self._plays[play]()
        doors = {door() for door in self._plays.values()}
        return doors.pop() if len(doors) == 1 else None


def named(plays: Iterable[str], text: str) -> str | None:
    """Return the play that a text names; None if it names none, or two."""
    found = [play for play in plays if play in text]
    return found[0] if len(found) == 1 else None
