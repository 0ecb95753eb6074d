"""One address for the workers of all plays: a request goes to the worker of the play that it names."""

from collections.abc import Callable, Iterable

from poc_cli.clients.relay import Head, Relay
from poc_cli.targets.api_address import LOOPBACK, bound_socket
from poc_cli.targets.endpoint import Endpoint


class Gateway:
    """Listens on one port and forwards to the workers of the plays."""

    def __init__(self) -> None:
        """Bind a port; does not listen yet."""
        self._bound = bound_socket()
        self._plays: dict[str, Callable[[], Endpoint]] = {}
        self._relay = Relay(self._route, None, self._bound)

    @property
    def port(self) -> int:
        """Return the port."""
        port: int = self._bound.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Return the URL without a trailing slash."""
        return f"http://{LOOPBACK}:{self.port}"

    async def start(self) -> None:
        """Start to listen."""
        await self._relay.start()

    async def stop(self) -> None:
        """Stop listening."""
        await self._relay.stop()
        self._bound.close()

    def add_play(self, play: str, endpoint: Callable[[], Endpoint]) -> None:
        """Forward requests that name a play to its current endpoint."""
        self._plays[play] = endpoint

    def remove_play(self, play: str) -> None:
        """Stop forwarding requests of a play."""
        self._plays.pop(play, None)

    def _route(self, head: Head) -> Endpoint | None:
        play = named_play(self._plays, head.text)
        if play is not None:
            return self._plays[play]()
        endpoints = {endpoint() for endpoint in self._plays.values()}
        return endpoints.pop() if len(endpoints) == 1 else None


def named_play(plays: Iterable[str], text: str) -> str | None:
    """Return the play that a text names; None if it names none, or several."""
    found = [play for play in plays if play in text]
    return found[0] if len(found) == 1 else None
