"""Send large messages in pieces, so that the event loop keeps running.

The library masks, copies and writes a message in one go: 0.1 to 0.3 s for 32 MiB (measured), in which no other client
is served and every play in this process is late.
"""

import asyncio
import secrets
import struct
from typing import TYPE_CHECKING, Final

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.protocol import State

try:
    from websockets.speedups import apply_mask
except ImportError:  # no compiler was there when websockets was installed
    from websockets.utils import apply_mask

if TYPE_CHECKING:
    from poc_cli.clients.client import Sendable

LARGE: Final = 1 << 20
"""Characters or bytes from which a message is sent in pieces. One of this size takes 3 to 8 ms in one go (measured)."""

PIECE: Final = 256 << 10
"""Bytes masked and written between two turns of the event loop, a multiple of the four bytes of a mask."""

_FINAL: Final = 0x80
_MASKED: Final = 0x80
_IN_16_BITS: Final = 126
_IN_64_BITS: Final = 127


class PiecewiseConnection(ClientConnection):
    """A connection whose large messages are written in pieces, each message as one frame."""

    _writing: asyncio.Task[bool] | None = None

    async def send_message(self, payload: "Sendable") -> None:
        """Send one message. Raises ConnectionClosed if the connection ends before all of it is written.

        Messages leave in the order of the calls. A large one is written to its end even if the caller is cancelled:
        nothing else can be sent after half of a frame.
        """
        while self._writing is not None:
            await asyncio.wait([self._writing])
        if len(payload) < LARGE or self.protocol.state is not State.OPEN:
            await self.send(payload)
            return
        self._writing = asyncio.create_task(self._write(payload))
        if not await asyncio.shield(self._writing):
            await asyncio.shield(self.connection_lost_waiter)
            raise self.close_exc

    async def close_with(self, code: int, reason: str) -> None:
        """Close with a close frame of any code; 1005, which says that there was none, sends none.

        The library sends only codes that an endpoint may send (RFC 6455, 7.4), and others are what a server must bear.
        """
        try:
            async with self.send_context():
                has_code = code != CloseCode.NO_STATUS_RCVD
                payload = struct.pack("!H", code) + reason.encode() if has_code else b""
                self.protocol.send_frame(Frame(Opcode.CLOSE, payload))
                self.protocol.close_sent = Close(code, reason)
                self.protocol.state = State.CLOSING
        except ConnectionClosed:
            pass  # it was closed meanwhile

    def send_data(self) -> None:
        """Write what the protocol has queued, such as a pong; what is queued during a large message follows it."""
        if self._writing is None:
            super().send_data()

    async def _write(self, payload: "Sendable") -> bool:
        """Write a message as one frame; return whether all of it was written."""
        try:
            return await self._write_frame(await self._frame(payload))
        except OSError as error:
            self.set_connection_exc(error)
            self.transport.abort()
            return False
        finally:
            self._writing = None
            if not self.transport.is_closing():
                self.send_data()

    async def _frame(self, payload: "Sendable") -> Frame:
        if isinstance(payload, str):
            frame = Frame(Opcode.TEXT, await _encoded(payload))
        else:
            frame = Frame(Opcode.BINARY, payload)
        for extension in self.protocol.extensions:
            # Only messages are compressed, and no other one is sent meanwhile.
            frame = await asyncio.to_thread(extension.encode, frame)
        return frame

    async def _write_frame(self, frame: Frame) -> bool:
        key = secrets.token_bytes(4)
        before, whole = _header(frame) + key, memoryview(frame.data)
        for start in range(0, len(whole), PIECE):
            if self.transport.is_closing():
                return False
            self.transport.write(before + apply_mask(whole[start : start + PIECE], key))
            before = b""
            await self.drain()
            await asyncio.sleep(0)  # draining does not suspend if the socket takes all at once
        return True


def _header(frame: Frame) -> bytes:
    """Return the header of a masked frame (RFC 6455, 5.2); the first reserved bit tells of compression."""
    first, length = _FINAL | (frame.rsv1 << 6) | frame.opcode, len(frame.data)
    if length < _IN_16_BITS:
        return struct.pack("!BB", first, _MASKED | length)
    if length < 1 << 16:
        return struct.pack("!BBH", first, _MASKED | _IN_16_BITS, length)
    return struct.pack("!BBQ", first, _MASKED | _IN_64_BITS, length)


async def _encoded(text: str) -> bytearray:
    """Return a text in UTF-8, encoded in pieces."""
    encoded = bytearray()
    for start in range(0, len(text), PIECE):
        encoded += text[start : start + PIECE].encode()
        await asyncio.sleep(0)
    return encoded
