"""One WebSocket client: opens, sends, receives into its inbox, closes, and tells how it ended.

Never judges and never answers by itself. Keeps to what a plain client does: no keep-alive pings, no proxies.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol

from poc_cli.engine.inbox import Inbox
from poc_cli.target.edge import Dial

LARGEST_MESSAGE = 64 << 20
"""Twice the runtime's own limit of 32 MiB, so that it is the runtime's limit that shows."""

CLOSED_WITHIN_SECONDS = 1.0
"""How long the server may take to end the connection after both close frames, before it is cut and told as ended."""

Payload = str | bytes


@dataclass(frozen=True, slots=True)
class Ending:
    """How a connection ended.

    `by` says who sent a close frame first: `nobody` where the connection broke, and where the library ended it because
    of what the peer had sent (no UTF-8, a bad frame). `code` and `reason` are the peer's, 1006 where none came. `said`
    is the exact sentence of the WebSocket library.
    """

    by: Literal["client", "server", "nobody"]
    code: int
    reason: str
    clean: bool
    said: str


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

    async def send(self, payload: Payload) -> None:
        """Send one message. Raises ConnectionClosed where there is no connection."""

    async def close(self, code: int, reason: str, within: float) -> None:
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
    """The connection was refused; the text says how, `status` is the server's, None where it gave none.

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
        """Take them, and the headers of the server's refusal."""
        super().__init__(message)
        self.status = status
        self.in_time = in_time
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Listener:
    """What a client tells of itself, at once."""

    received: Callable[[Payload], None]
    ended: Callable[[Ending], None]


class SocketClient:
    """A client on `websockets`."""

    tells_openings = False

    def __init__(  # noqa: PLR0913 - the parts of a handshake
        self,
        name: str,
        dial: Dial,
        *,
        headers: dict[str, str],
        subprotocols: list[str],
        compression: bool,
        ping: float | None,
        listener: Listener,
    ) -> None:
        """Take where to connect and how; nothing is opened yet."""
        self.name = name
        self.inbox = Inbox()
        self._dial = dial
        self._headers = headers
        self._subprotocols = [Subprotocol(each) for each in subprotocols]
        self._compression = "deflate" if compression else None
        self._ping = ping
        self._listener = listener
        self._connection: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ended = False
        self._killed: str | None = None
        self._asked_to_close = False
        self._said = "it was never opened"
        self._flowing = asyncio.Event()
        self._flowing.set()

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        # Once the server's close frame is here, the rest of the closing may still take seconds.
        return self._connection is not None and not self._ended and self._connection.state is State.OPEN

    @property
    def is_reading(self) -> bool:
        """Whether it reads what comes: it was not told to stop."""
        return self._flowing.is_set()

    @property
    def how_it_ended(self) -> str:
        """Why messages cannot be sent any more, in a sentence."""
        if self._connection is not None and not self._ended:
            received = self._connection.protocol.close_rcvd
            return f"the server has closed it{'' if received is None else f' with {received}'}"
        return self._said

    async def open(self, within: float) -> dict[str, Any]:
        """Connect; give the subprotocol and extensions agreed on. Raises CannotOpen."""
        try:
            self._connection = await connect(
                self._dial.uri,
                additional_headers=self._headers,
                subprotocols=self._subprotocols or None,
                compression=self._compression,
                # Only where the scenario asks for pings; a missing pong is for the scenario to judge.
                ping_interval=self._ping,
                ping_timeout=None,
                proxy=None,
                open_timeout=within,
                max_size=LARGEST_MESSAGE,
                # For a close that the server begins; it may leave TCP open 10 s more (RUNTIME 17).
                close_timeout=CLOSED_WITHIN_SECONDS,
                user_agent_header="poc",
                **self._dial.options,
            )
        except InvalidStatus as error:
            body = (error.response.body or b"")[:200].decode("utf-8", "replace")
            status = error.response.status_code
            headers = tuple(error.response.headers.raw_items())
            raise CannotOpen(f"the server answered {status} {body}".strip(), status, headers=headers) from error
        except TimeoutError as error:
            raise CannotOpen(f"the handshake took more than {within:g} s", in_time=False) from error
        except (OSError, WebSocketException) as error:
            raise CannotOpen(f"{type(error).__name__}: {error}") from error
        self._reader = asyncio.create_task(self._read(self._connection))
        is_compressed = self._compression is not None
        agreed: dict[str, Any] = {"subprotocol": self._connection.subprotocol, "compression": is_compressed}
        if self._connection.response is not None:
            agreed["headers"] = [*self._connection.response.headers.raw_items()]
        place = colo(self._connection.response)
        return agreed if place is None else {**agreed, "colo": place}

    async def send(self, payload: Payload) -> None:
        """Send one message. Raises ConnectionClosed where there is no connection any more."""
        if self._connection is None:
            raise CannotOpen("was never opened")
        await self._connection.send(payload)

    async def close(self, code: int, reason: str, within: float) -> None:
        """Close with a close frame and wait for the answer; cut the connection where none comes in time."""
        if self._connection is None or self._reader is None:
            return
        self.release()
        self._asked_to_close = True
        self._connection.close_timeout = within
        with contextlib.suppress(ConnectionClosed):
            await self._connection.close(code, reason)
        await self._reader

    async def await_end(self, within: float) -> bool:
        """Wait for the connection to be ended by the other side; give whether it was in time."""
        if self._reader is None:
            return self._ended
        await asyncio.wait([self._reader], timeout=within)
        return self._ended

    async def kill(self, how: Literal["fin", "rst", "process"]) -> None:
        """Drop the connection without a close frame: an end of stream (`fin`) or a reset (`rst`)."""
        if self._connection is None or self._reader is None:
            return
        self._killed = how
        self.release()
        transport = self._connection.transport
        if how == "rst":
            # Closing a socket that lingers for no time at all resets it (socket(7)).
            endpoint = transport.get_extra_info("socket")
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await self._reader

    def stall(self) -> None:
        """Stop reading: the socket is not drained any more, so the kernel's buffers fill."""
        self._flowing.clear()
        if self._connection is not None:
            self._connection.transport.pause_reading()

    def release(self) -> None:
        """Read on."""
        if self._connection is not None and not self._flowing.is_set() and not self._ended:
            self._connection.transport.resume_reading()
        self._flowing.set()

    async def _read(self, connection: ClientConnection) -> None:
        try:
            while True:
                payload = await connection.recv()
                await self._flowing.wait()
                self._listener.received(payload)
        except ConnectionClosed as error:
            ending = _ending(error, asked=self._asked_to_close) if self._killed is None else _dropped(self._killed)
        self._ended = True
        self._said = ending.said
        self.inbox.end()
        self._listener.ended(ending)


def colo(response: Response | None) -> str | None:
    """Give the Cloudflare location that answered, by the suffix of `cf-ray`: 8f1c…-LAX; None where none did."""
    ray = "" if response is None else response.headers.get("cf-ray", "")
    _, _, place = ray.rpartition("-")
    return place if place.isalpha() and place.isascii() and place.isupper() else None


def _dropped(how: str) -> Ending:
    return Ending(by="client", code=1006, reason="", clean=False, said=f"dropped by the client ({how.upper()})")


def _ending(error: ConnectionClosed, *, asked: bool) -> Ending:
    received = error.rcvd
    first = received is None or (error.sent is not None and not error.rcvd_then_sent)
    if (received is None and error.sent is None) or (first and not asked):
        by: Literal["client", "server", "nobody"] = "nobody"
    elif received is not None and (error.sent is None or error.rcvd_then_sent):
        by = "server"
    else:
        by = "client"
    return Ending(
        by=by,
        code=1006 if received is None else int(received.code),
        reason="" if received is None else received.reason,
        clean=received is not None and error.sent is not None,
        said=str(error),
    )
