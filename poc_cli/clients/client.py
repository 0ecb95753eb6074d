"""What a client is: the interface that our WebSocket client, programs and pages share."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from poc_cli.clients.inbox import Inbox

Payload = str | bytes

Sendable = str | bytes | bytearray
"""What can be sent; a large message is a bytearray, because bytes cannot be made in pieces."""

InTime = Callable[["asyncio.Future[Any]"], Awaitable[bool]]
"""Waits for something, and returns whether it was done before its time was over."""


def in_seconds(length: float) -> InTime:
    """Return what waits for so long by the clock."""

    async def is_done(waiting: "asyncio.Future[Any]") -> bool:
        await asyncio.wait([waiting], timeout=length)
        return waiting.done()

    return is_done


@dataclass(frozen=True, slots=True)
class Ending:
    """How a connection ended.

    `by` is who sent a close frame first: `nobody` if the connection broke, or if the library closed it because of
    invalid data of the peer (no UTF-8, a bad frame). `code` and `reason` are the peer's, 1006 without a close frame.
    `description` is the exact sentence of the WebSocket library.
    """

    by: Literal["client", "server", "nobody"]
    code: int
    reason: str
    clean: bool
    description: str


class Client(Protocol):
    """What the engine needs of a client, whatever it is."""

    name: str
    inbox: Inbox
    tells_openings: bool
    """Whether it writes its openings down itself, since it may open connections at any time."""

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""

    @property
    def how_it_ended(self) -> str:
        """Why messages cannot be sent any more, in a sentence."""

    async def open(self, within: float) -> dict[str, Any] | None:
        """Connect; give what is worth recording, if it has not done so itself. Raises CannotOpen."""

    def missing(self, within: float) -> str:
        """Return in a sentence what did not happen in the time that it had to open."""

    async def send(self, payload: Sendable) -> None:
        """Send one message. Raises ConnectionClosed if there is no connection."""

    async def close(self, code: int, reason: str, in_time: InTime) -> None:
        """Close with a close frame and wait for the answer; cut the connection where none comes in time."""

    async def await_end(self, within: float) -> bool:
        """Wait for the connection to be ended by the other side; give whether it was in time."""

    async def kill(self, how: Literal["fin", "rst", "process"]) -> None:
        """Drop the connection without a close frame; `process` ends a program."""

    def stall(self) -> None:
        """Stop reading, so that what is sent to us fills the buffers on the way."""

    def release(self) -> None:
        """Read on."""


class CannotOpen(Exception):
    """The connection was refused; the text says how, `status` is the server's, None if it gave none.

    `in_time` tells a refusal from a server that said nothing at all in the time it had.
    """

    def __init__(
        self,
        message: str,
        status: int | None = None,
        *,
        in_time: bool = True,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """Initialize with the reason, and the status and headers of the server's refusal."""
        super().__init__(message)
        self.status = status
        self.in_time = in_time
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Listener:
    """What a client tells of itself, at once."""

    received: Callable[[Payload], None]
    ended: Callable[[Ending], None]
    flooded: Callable[[str], None]
    """Hears what has come where it was more than a client takes; nothing more is read then."""
