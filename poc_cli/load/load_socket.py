"""One WebSocket of a load: the protocol of `websockets` on a bare transport, in 5 KiB (measured, with uvloop)."""

import asyncio
from collections.abc import Iterable
from typing import Final, Protocol, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidState, InvalidStatus
from websockets.frames import DATA_OPCODES, Frame
from websockets.protocol import OPEN
from websockets.uri import WebSocketURI

LARGEST_MESSAGE: Final = 64 << 20
"""Twice the runtime's limit, as in poc's other client."""

_ABNORMAL: Final = 1006
_LONGEST_BODY: Final = 200  # bytes quoted of a refusal's body


class Listener(Protocol):
    """Callbacks of a socket."""

    def opened(self, socket: "Socket") -> None:
        """Handle the end of the handshake."""

    def refused(self, socket: "Socket", why: str) -> None:
        """Handle that it will never be open, and why."""

    def received(self, socket: "Socket", data: bytes) -> None:
        """Handle a message; a fragmented one is passed on fragment by fragment."""

    def ended(self, socket: "Socket") -> None:
        """Handle that no more messages are possible: a close frame came, or the connection ended."""

    def gone(self, socket: "Socket") -> None:
        """Handle that the connection is closed and its descriptor is free."""


class Socket(asyncio.Protocol):
    """One connection; a client that connects again gets a new one."""

    __slots__ = (
        "_headers",
        "_listener",
        "_reported_open",
        "_sans_io",
        "_transport",
        "began",
        "due",
        "index",
        "is_witness",
        "left",
        "said",
        "since",
    )

    def __init__(self, index: int, uri: WebSocketURI, headers: Iterable[tuple[str, str]], listener: Listener) -> None:
        """Initialize with where to connect; opens nothing."""
        self.index = index
        self.since = 0.0
        """When it was due to open."""
        self.began = 0.0
        """When it started to open or to close."""
        self.left = False
        """Whether this client has closed it."""
        self.said = ""
        """Why it was never open."""
        self.is_witness = False
        """Whether it was open when the last sleep began."""
        self.due: set[int] | None = None
        """The numbers of its messages without a reply so far."""
        self._sans_io = ClientProtocol(uri, max_size=LARGEST_MESSAGE)
        self._headers: Iterable[tuple[str, str]] | None = headers
        self._listener = listener
        self._reported_open: bool | None = None  # None until the handshake ends, False once the end was reported
        self._transport: asyncio.Transport | None = None

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the handshake."""
        self._transport = cast("asyncio.Transport", transport)
        if self.said:  # already given up
            self._transport.abort()
            return
        request = self._sans_io.connect()
        for name, value in self._headers or ():
            request.headers.pop(name, None)  # setting adds a second one, and Host is already set
            request.headers[name] = value
        self._headers = None
        self._sans_io.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Process received bytes."""
        protocol = self._sans_io
        protocol.receive_data(data)
        for event in protocol.events_received():
            if isinstance(event, Frame):
                if event.opcode in DATA_OPCODES:
                    self._listener.received(self, bytes(event.data))
            elif protocol.handshake_exc is None:
                self._reported_open = True
                self._listener.opened(self)
            else:
                self._refuse(_describe(protocol.handshake_exc))
        self._flush()
        self._report_end()

    def eof_received(self) -> bool:
        """Handle the end of the stream; the transport closes this side too."""
        self._sans_io.receive_eof()
        self._report_end()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Handle the end of the connection."""
        self._sans_io.receive_eof()
        self._transport = None
        self._report_end()
        if self._reported_open is None:
            self._refuse(f"the connection ended during the handshake{'' if exc is None else f': {exc}'}")
        # The parser and the protocol reference each other; without this each ended connection would need the garbage
        # collector, which skips objects that a load froze at its start (shard_runner.py).
        self._sans_io.parser.close()
        self._listener.gone(self)

    def _report_end(self) -> None:
        if self._reported_open and self._sans_io.state is not OPEN:
            self._reported_open = False
            self._listener.ended(self)

    # --- actions

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self._transport is not None and self._sans_io.state is OPEN

    def send(self, payload: bytes, *, is_binary: bool) -> None:
        """Send one message. Raises InvalidState if the connection is closed."""
        if is_binary:
            self._sans_io.send_binary(payload)
        else:
            self._sans_io.send_text(payload)
        self._flush()

    def leave(self) -> None:
        """Start the closing handshake."""
        self.left = True
        try:
            self._sans_io.send_close(1000)
        except InvalidState:
            self.cut()
            return
        self._flush()
        self._report_end()

    def cut(self, why: str = "") -> None:
        """Drop the connection; `why` is the reason if it was not open yet."""
        if why:
            self._refuse(why)
        if self._transport is not None:
            self._transport.abort()

    def stall(self) -> None:
        """Stop reading, so that the buffers of the connection fill up."""
        if self._transport is not None:
            self._transport.pause_reading()

    def release(self) -> None:
        """Resume reading."""
        if self._transport is not None and not self._transport.is_reading():
            self._transport.resume_reading()

    @property
    def ending(self) -> tuple[int, str, str]:
        """Return code and reason of the peer's close frame, 1006 if none came, and who closed first."""
        received = self._sans_io.close_rcvd
        if received is None:
            return _ABNORMAL, "", "client" if self.left else "nobody"
        by = "client" if self._sans_io.close_sent is not None and not self._sans_io.close_rcvd_then_sent else "server"
        return int(received.code), received.reason, by

    def _flush(self) -> None:
        if self._transport is not None:
            for data in self._sans_io.data_to_send():
                if data:
                    self._transport.write(data)
                elif self._transport.can_write_eof():
                    self._transport.write_eof()

    def _refuse(self, why: str) -> None:
        if not self.said:
            self.said = why
            self._listener.refused(self, why)


def _describe(error: Exception) -> str:
    """Return why a handshake failed, without details that differ between sockets."""
    if isinstance(error, InvalidStatus):
        body = (error.response.body or b"")[:_LONGEST_BODY].decode("utf-8", "replace")
        return f"the server answered {error.response.status_code} {body}".strip()
    return f"{type(error).__name__}: {error}"
