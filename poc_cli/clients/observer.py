"""How a program or a page reports to the history and to its inbox during a play."""

from typing import Any, Protocol

from poc_cli.clients.client import Ending, Payload


class Observer(Protocol):
    """Records what one client did and what happened to it."""

    def note(self, kind: str, **data: Any) -> None:
        """Write an event of the client."""

    def opened(self, socket: int, address: str) -> None:
        """Write that a WebSocket to the worker is open; only the path of its address is kept."""

    def passed(self, kind: str, socket: int, payload: Payload) -> tuple[int, int]:
        """Write a message on such a WebSocket that is not for the inbox; return the event's id and time."""

    def received(self, payload: Payload, **data: Any) -> None:
        """Write a message and put it into the inbox."""

    def ended(self, socket: int, ending: Ending) -> None:
        """Write that such a WebSocket has ended."""
