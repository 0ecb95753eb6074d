"""One WebSocket of a load: the protocol of `websockets` on a bare transport, in five KiB (measured, with uvloop)."""

import asyncio
from collections.abc import Iterable
from typing import Final, Protocol, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidState, InvalidStatus
from websockets.frames import DATA_OPCODES, Frame
from websockets.protocol import OPEN
from websockets.uri import WebSocketURI

LARGEST_MESSAGE: Final = 64 << 20
"""Twice the runtime's own limit, as for every client of ours."""

_ABNORMAL: Final = 1006
_LONGEST_BODY: Final = 200  # of a refusal that is told


class Listener(Protocol):
    """What a socket tells of itself."""

    def opened(self, socket: "Socket") -> None:
        """Hear that the handshake is through."""

    def refused(self, socket: "Socket", why: str) -> None:
        """Hear that it will never be open, and why."""

    def received(self, socket: "Socket", data: bytes) -> None:
        """Hear a message; one that comes in fragments is told fragment by fragment."""

    def ended(self, socket: "Socket") -> None:
        """Hear that no message can be sent or will come any more: a close frame was seen, or the connection is gone."""

    def gone(self, socket: "Socket") -> None:
        """Hear that the connection itself is gone, so that its descriptor is free."""


class Socket(asyncio.Protocol):
    """One connection; a socket that comes back is another one."""

    __slots__ = (
        "_ears",
        "_headers",
        "_heard_open",
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

    def __init__(self, index: int, uri: WebSocketURI, headers: Iterable[tuple[str, str]], ears: Listener) -> None:
        """Take where it connects to; nothing is opened yet."""
        self.index = index
        self.since = 0.0
        """When it should have begun to open."""
        self.began = 0.0
        """When it began to open or to close."""
        self.left = False
        """Whether we have asked it to close."""
        self.said = ""
        """Why it was never open."""
        self.is_witness = False
        """Whether it was open when the rooms were left to sleep."""
        self.due: set[int] | None = None
        """The numbers of its messages that are not answered yet."""
        self._sans_io = ClientProtocol(uri, max_size=LARGEST_MESSAGE)
        self._headers: Iterable[tuple[str, str]] | None = headers
        self._ears = ears
        self._heard_open: bool | None = None  # None until the handshake is through, False once the end was told
        self._transport: asyncio.Transport | None = None

    # --- what the loop tells us

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake."""
        self._transport = cast("asyncio.Transport", transport)
        if self.said:  # given up meanwhile
            self._transport.abort()
            return
        request = self._sans_io.connect()
        for name, value in self._headers or ():
            request.headers.pop(name, None)  # setting one adds it, and Host is there already
            request.headers[name] = value
        self._headers = None
        self._sans_io.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Take in what has come."""
        protocol = self._sans_io
        protocol.receive_data(data)
        for event in protocol.events_received():
            if isinstance(event, Frame):
                if event.opcode in DATA_OPCODES:
                    self._ears.received(self, bytes(event.data))
            elif protocol.handshake_exc is None:
                self._heard_open = True
                self._ears.opened(self)
            else:
                self._refuse(_describe(protocol.handshake_exc))
        self._flush()
        self._tell_end()

    def eof_received(self) -> bool:
        """Take in that nothing more will come; our end is closed with it."""
        self._sans_io.receive_eof()
        self._tell_end()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Take in that the connection is gone."""
        self._sans_io.receive_eof()
        self._transport = None
        self._tell_end()
        if self._heard_open is None:
            self._refuse(f"the connection broke in the handshake{'' if exc is None else f': {exc}'}")
        # The parser holds its protocol and is held by it. Without this each connection that goes would be left to the
        # collector of cycles, which does not look at those that a load began with (shard.py).
        self._sans_io.parser.close()
        self._ears.gone(self)

    def _tell_end(self) -> None:
        if self._heard_open and self._sans_io.state is not OPEN:
            self._heard_open = False
            self._ears.ended(self)

    # --- what we do

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
        """Begin to close as a client that goes: the other side answers, and the connection ends."""
        self.left = True
        try:
            self._sans_io.send_close(1000)
        except InvalidState:
            self.cut()
            return
        self._flush()
        self._tell_end()

    def cut(self, why: str = "") -> None:
        """Drop the connection; `why` tells why one was given up that was not open yet."""
        if why:
            self._refuse(why)
        if self._transport is not None:
            self._transport.abort()

    def stall(self) -> None:
        """Stop reading, so that what is sent to us fills the buffers on the way."""
        if self._transport is not None:
            self._transport.pause_reading()

    def release(self) -> None:
        """Read on."""
        if self._transport is not None and not self._transport.is_reading():
            self._transport.resume_reading()

    @property
    def waiting_bytes(self) -> int:
        """Return how many bytes wait in us because the other side does not read them."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    @property
    def ending(self) -> tuple[int, str, str]:
        """Return the code and reason of the other side's close frame, 1006 where none came, and who closed first."""
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
            self._ears.refused(self, why)


def _describe(error: Exception) -> str:
    """Return why a handshake failed, without what differs from one socket to the next."""
    if isinstance(error, InvalidStatus):
        body = (error.response.body or b"")[:_LONGEST_BODY].decode("utf-8", "replace")
        return f"the server answered {error.response.status_code} {body}".strip()
    return f"{type(error).__name__}: {error}"
