"""poc's own WebSocket client.

It behaves as a plain client: no keep-alive pings, no proxies, no redirects.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, PayloadTooBig, WebSocketException
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol

from poc_cli.clients.client import CannotOpen, Client, Ending, InTime, Listener, Payload, Sendable
from poc_cli.clients.inbox import Inbox
from poc_cli.clients.piecewise import PiecewiseConnection
from poc_cli.record.closings import closing
from poc_cli.targets.endpoint import Dial

LARGEST_MESSAGE = 64 << 20
"""Twice the runtime's limit of 32 MiB, so that the runtime's limit takes effect first."""

CLOSED_WITHIN_SECONDS = 1.0
"""How long the server may take to end TCP after the WebSocket has ended before the client does."""

LONGEST_TURN_SECONDS: Final = 0.005
"""How long a client reads before it lets other tasks run: a tenth of the interval at which lateness is measured."""

_REDIRECTS: Final = frozenset({300, 301, 302, 303, 307, 308})
_LONGEST_BODY: Final = 200  # bytes quoted of a refusal's body


class _Connect(connect):
    """Follows no redirects: another server's replies are no evidence, and it must not get the headers."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Return the refusal unchanged."""
        return exc


class _Connection(PiecewiseConnection):
    """Stops receiving once the WebSocket has ended; the library would wait until TCP has ended.

    If the client has never sent anything, workerd ends TCP only once the object is idle (measured: 10 s).
    """

    _receiving: asyncio.Timeout | None = None

    @property
    def has_ended(self) -> bool:
        """Whether no message can follow: a close frame or something unreadable has come."""
        return self.protocol.close_rcvd is not None or self.protocol.parser_exc is not None

    @property
    def end(self) -> ConnectionClosed:
        """Return the exception that the library raises once TCP has ended too."""
        protocol = self.protocol
        return ConnectionClosed(protocol.close_rcvd, protocol.close_sent, protocol.close_rcvd_then_sent)

    def data_received(self, data: bytes) -> None:
        """Process received bytes, and stop waiting for messages if they ended the WebSocket."""
        super().data_received(data)
        if self.has_ended and self._receiving is not None and not self._receiving.expired():
            self._receiving.reschedule(self.loop.time())

    async def receive(self) -> Payload:
        """Return the next message. Raises ConnectionClosed if there is none, even while TCP is open."""
        try:
            # Messages that came before the end are returned first; the library returns them without suspending.
            async with asyncio.timeout(0 if self.has_ended else None) as self._receiving:
                return await self.recv()
        except TimeoutError:
            raise self.end from None
        finally:
            self._receiving = None


@dataclass(frozen=True, slots=True)
class Handshake:
    """Where to connect, and what to ask for."""

    dial: Dial
    headers: Mapping[str, str] = field(default_factory=dict)
    subprotocols: Sequence[str] = ()
    compression: bool = False
    ping: float | None = None
    """Seconds between pings; None sends none."""


Opener = Callable[[str, Handshake, Listener], Client]
"""Returns a client by its name that is not open yet."""


class SocketClient:
    """A client based on `websockets`."""

    records_openings = False

    def __init__(self, name: str, handshake: Handshake, listener: Listener) -> None:
        """Initialize; opens nothing."""
        self.name = name
        self.inbox = Inbox()
        self._handshake = handshake
        self._listener = listener
        self._connection: _Connection | None = None
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
        # After the server's close frame the rest of the closing handshake may take seconds.
        return self._connection is not None and not self._ended and self._connection.state is State.OPEN

    @property
    def is_reading(self) -> bool:
        """Whether it reads, that is, was not stalled."""
        return self._flowing.is_set()

    @property
    def how_it_ended(self) -> str:
        """Why messages can no longer be sent, in a sentence."""
        if self._connection is not None and not self._ended:
            received = self._connection.protocol.close_rcvd
            return f"the server has closed it{'' if received is None else f' with {received}'}"
        return self._said

    async def open(self, within: float) -> dict[str, Any]:
        """Connect; return the negotiated subprotocol and extensions. Raises CannotOpen if that fails."""
        try:
            connection = await _Connect(
                self._handshake.dial.uri,
                create_connection=_Connection,
                additional_headers=self._handshake.headers,
                subprotocols=[Subprotocol(each) for each in self._handshake.subprotocols] or None,
                compression="deflate" if self._handshake.compression else None,
                # Only if the scenario asks for pings; a missing pong is up to the scenario.
                ping_interval=self._handshake.ping,
                ping_timeout=None,
                proxy=None,
                open_timeout=within,
                max_size=LARGEST_MESSAGE,
                close_timeout=CLOSED_WITHIN_SECONDS,
                user_agent_header="poc",
                **self._handshake.dial.options,
            )
        except InvalidStatus as error:
            headers = tuple(error.response.headers.raw_items())
            raise CannotOpen(refusal(error.response), error.response.status_code, headers=headers) from error
        except TimeoutError as error:
            raise CannotOpen(self.missing(within), in_time=False) from error
        except (OSError, WebSocketException) as error:
            raise CannotOpen(f"{type(error).__name__}: {error}") from error
        if not isinstance(connection, _Connection):
            raise TypeError("websockets did not use create_connection")
        self._connection = connection
        self._reader = asyncio.create_task(self._read(connection))
        is_compressed = self._handshake.compression
        agreed: dict[str, Any] = {"subprotocol": connection.subprotocol, "compression": is_compressed}
        if connection.response is not None:
            agreed["headers"] = [*connection.response.headers.raw_items()]
        place = colo(connection.response)
        return agreed if place is None else {**agreed, "colo": place}

    def missing(self, within: float) -> str:
        """Return the reason if the handshake did not end in time."""
        return f"the handshake took more than {within:g} s"

    async def send(self, payload: Sendable) -> None:
        """Send one message. Raises ConnectionClosed if there is no connection."""
        if self._connection is None:
            raise CannotOpen("it was never opened")
        await self._connection.send_message(payload)

    async def close(self, code: int, reason: str, in_time: InTime) -> None:
        """Close with a close frame and wait for the peer's; drop the connection if none comes in time."""
        connection = self._connection
        if connection is None or self._reader is None:
            return
        if self._ended:
            connection.transport.close()
        else:
            self.release()
            self._asked_to_close = True
            closing = asyncio.create_task(connection.close_with(code, reason))
            try:
                await in_time(self._reader)
            finally:
                # The library would wait for the end of TCP, or until the peer reads what was sent earlier.
                closing.cancel()
            if not self._ended:
                connection.transport.abort()
            await asyncio.gather(closing, return_exceptions=True)
        await self._reader

    async def await_end(self, within: float) -> bool:
        """Wait for the other side to end the connection; return whether it did in time."""
        if self._reader is None:  # it was never opened
            await asyncio.sleep(within)
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
            # SO_LINGER with a time of 0 makes close() send a reset (socket(7)).
            endpoint = transport.get_extra_info("socket")
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
        await self._reader

    def stall(self) -> None:
        """Stop reading, so that the kernel's buffers fill up."""
        self._flowing.clear()
        if self._connection is not None:
            self._connection.transport.pause_reading()

    def release(self) -> None:
        """Resume reading."""
        if self._connection is not None and not self._flowing.is_set() and not self._ended:
            self._connection.transport.resume_reading()
        self._flowing.set()

    async def _read(self, connection: _Connection) -> None:
        try:
            ending = await self._read_all(connection)
        except ConnectionClosed as error:
            ending = _ending(error, asked=self._asked_to_close) if self._killed is None else _dropped(self._killed)
        self._ended = True
        self._said = closing(ending.code, ending.description)
        self.inbox.end()
        self._listener.ended(ending)
        if isinstance(connection.protocol.parser_exc, PayloadTooBig):
            self._listener.overflowed(f"a message of more than {LARGEST_MESSAGE >> 20} MiB")
        # RFC 6455, 7.1.1: the server ends TCP first. If it already has, this does nothing.
        connection.loop.call_later(CLOSED_WITHIN_SECONDS, connection.transport.abort)

    async def _read_all(self, connection: _Connection) -> Ending:
        """Pass on messages; return the ending if they were too many. Raises ConnectionClosed at the end."""
        turn = connection.loop.time()
        while self.inbox.overflow is None:
            payload = await connection.receive()
            await self._flowing.wait()
            self._listener.received(payload)
            if connection.loop.time() - turn > LONGEST_TURN_SECONDS:
                await asyncio.sleep(0)  # receive() does not suspend while messages are buffered
                turn = connection.loop.time()
        connection.transport.abort()
        self._listener.overflowed(self.inbox.overflow)
        return Ending("client", 1006, "", clean=False, description=f"dropped by poc: it received {self.inbox.overflow}")


def refusal(response: Response) -> str:
    """Return a sentence on how a server refused a handshake."""
    location = response.headers.get("Location")
    if response.status_code in _REDIRECTS and location is not None:
        return f"the server answered {response.status_code}, which poc does not follow (location: {location})"
    body = (response.body or b"")[:_LONGEST_BODY].decode("utf-8", "replace")
    return f"the server answered {response.status_code} {body}".strip()


def colo(response: Response | None) -> str | None:
    """Return the Cloudflare location from the suffix of the `cf-ray` header (8f1c…-LAX); None if there is none."""
    ray = "" if response is None else response.headers.get("cf-ray", "")
    _, _, place = ray.rpartition("-")
    return place if place.isalpha() and place.isascii() and place.isupper() else None


def _dropped(how: str) -> Ending:
    return Ending(by="client", code=1006, reason="", clean=False, description=f"dropped by the client ({how.upper()})")


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
        description=str(error),
    )
