"""The interface that the WebSocket client, programs and pages share."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from poc_cli.clients.inbox import Inbox

Payload = str | bytes

Sendable = str | bytes | bytearray
"""What can be sent; a large message is a bytearray, because bytes cannot be made in pieces."""

InTime = Callable[["asyncio.Future[Any]"], Awaitable[bool]]
"""Waits for a future and returns whether it was done in time."""


def in_seconds(length: float) -> InTime:
    """Return an InTime that waits for at most `length` seconds."""

    async def is_done(waiting: "asyncio.Future[Any]") -> bool:
        await asyncio.wait([waiting], timeout=length)
        return waiting.done()

    return is_done


@dataclass(frozen=True, slots=True)
class Ending:
    """How a connection ended.

    `by` says who sent a close frame first: `nobody` if the connection broke, or if the library closed it because of
    what the peer had sent (invalid UTF-8, a bad frame). `code` and `reason` are the peer's, 1006 if none came.
    `description` is the text of the WebSocket library, `asked` the code and the reason of the client's own close frame
    where a relay has seen one.
    """

    by: Literal["client", "server", "nobody"]
    code: int
    reason: str
    clean: bool
    description: str
    asked: tuple[int, str] | None = None


class Client(Protocol):
    """The operations of a client that the engine uses."""

    name: str
    inbox: Inbox
    records_openings: bool
    """Whether it records its openings itself, because it may open connections at any time."""

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""

    @property
    def how_it_ended(self) -> str:
        """Why messages can no longer be sent, in a sentence."""

    async def open(self, within: float) -> dict[str, Any] | None:
        """Connect; return what is to be recorded, None if it records that itself. Raises CannotOpen if that fails."""

    def missing(self, within: float) -> str:
        """Return in a sentence what did not happen within the time to open."""

    async def send(self, payload: Sendable) -> None:
        """Send one message. Raises ConnectionClosed if there is no connection."""

    async def close(self, code: int, reason: str, in_time: InTime) -> None:
        """Close with a close frame and wait for the peer's; drop the connection if none comes in time."""

    async def await_end(self, within: float) -> bool:
        """Wait for the other side to end the connection; return whether it did in time."""

    async def kill(self, how: Literal["fin", "rst", "process"]) -> None:
        """Drop the connection without a close frame; `process` ends a program."""

    def stall(self) -> None:
        """Stop reading, so that the buffers of the connection fill up."""

    def release(self) -> None:
        """Resume reading."""


class CannotOpen(Exception):
    """The connection was refused; the text says why, `status` is the HTTP status, None if there was none.

    `in_time` is false if the server did not respond in time.
    """

    def __init__(
        self,
        message: str,
        status: int | None = None,
        *,
        in_time: bool = True,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.in_time = in_time
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Listener:
    """Callbacks of a client."""

    received: Callable[[Payload], None]
    ended: Callable[[Ending], None]
    overflowed: Callable[[str], None]
    """Called with what was received once it is more than a client accepts; reading then stops."""


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
