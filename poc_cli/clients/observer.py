"""What a client that is not ours tells of itself while a play goes on: the one way from it into history and inbox."""

from typing import Any, Protocol

from poc_cli.clients.client import Ending, Payload


class Observer(Protocol):
    """Takes down what one client did and what befell it."""

    def note(self, kind: str, **data: Any) -> None:
        """Write an event of the client's."""

    def opened(self, socket: int, address: str) -> None:
        """Write that a WebSocket of it to the worker is open; of its address only the path is kept."""

    def passed(self, kind: str, socket: int, payload: Payload) -> tuple[int, int]:
        """Write a message on such a WebSocket that is not for the inbox; give the event's id and time."""

    def heard(self, payload: Payload, **data: Any) -> None:
        """Write a message for the inbox, and put it there."""

    def ended(self, socket: int, ending: Ending) -> None:
        """Write that such a WebSocket has ended."""
