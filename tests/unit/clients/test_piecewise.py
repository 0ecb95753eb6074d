"""Large messages are one frame on the wire, whatever happens while they are written."""

import asyncio
import os
from typing import Any

import pytest
from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import SERVER, Protocol, State
from websockets.uri import parse_uri

from poc_cli.clients.piecewise import LARGE, PIECE, PiecewiseConnection

HUGE = 3 * LARGE + 3


class Wire(asyncio.Transport):
    """A transport whose other side reads when it is told to."""

    def __init__(self) -> None:
        """Take everything at once until `block`."""
        super().__init__()
        self.written = bytearray()
        self.connection: PiecewiseConnection | None = None
        self.is_blocked = False
        self.blocks_after: int | None = None
        self.blocked = asyncio.Event()
        self._is_closing = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Ignore it."""

    def write(self, data: Any) -> None:
        """Take it; from some length on, ask to wait."""
        self.written += data
        if self.blocks_after is not None and len(self.written) >= self.blocks_after and not self.is_blocked:
            self.is_blocked = True
            assert self.connection is not None
            self.connection.pause_writing()
            self.blocked.set()

    def unblock(self) -> None:
        """Let the connection write on."""
        self.blocks_after, self.is_blocked = None, False
        assert self.connection is not None
        self.connection.resume_writing()

    def can_write_eof(self) -> bool:
        """Say that nothing but all of it can be closed."""
        return False

    def is_closing(self) -> bool:
        """Return whether it was aborted."""
        return self._is_closing

    def close(self) -> None:
        """End it, which is told in the next turn."""
        self.lose(None)

    def abort(self) -> None:
        """End it, which is told in the next turn."""
        self.lose(None)

    def lose(self, error: Exception | None) -> None:
        """End it with this error."""
        assert self.connection is not None
        if not self._is_closing:
            self._is_closing = True
            asyncio.get_running_loop().call_soon(self.connection.connection_lost, error)


def opened(extension: PerMessageDeflate | None = None) -> tuple[PiecewiseConnection, Wire]:
    """Return a connection whose handshake is over, and its transport."""
    protocol = ClientProtocol(parse_uri("ws://127.0.0.1/"))
    protocol.state = State.OPEN
    protocol.extensions = [] if extension is None else [extension]
    protocol.parser = Protocol.parse(protocol)
    next(protocol.parser)
    connection, wire = PiecewiseConnection(protocol), Wire()
    connection.response = Response(101, "Switching Protocols", Headers())
    wire.connection = connection
    connection.connection_made(wire)
    return connection, wire


async def blocked(payload: str | bytes = bytes(HUGE)) -> tuple[PiecewiseConnection, Wire, asyncio.Task[None]]:
    """Return a connection in the middle of a large message."""
    connection, wire = opened()
    wire.blocks_after = 2 * PIECE
    sending = asyncio.create_task(connection.send_message(payload))
    await wire.blocked.wait()
    return connection, wire, sending


def frames(wire: Wire, extension: PerMessageDeflate | None = None) -> list[tuple[Opcode, bytes]]:
    """Return what a server reads from the wire."""
    server = Protocol(SERVER, max_size=None)
    server.extensions = [] if extension is None else [extension]
    server.receive_data(bytes(wire.written))
    assert server.parser_exc is None
    return [(each.opcode, bytes(each.data)) for each in server.events_received() if isinstance(each, Frame)]


def of_server(opcode: Opcode, data: bytes) -> bytes:
    """Return a frame of the server."""
    return Frame(opcode, data).serialize(mask=False)


@pytest.mark.parametrize("length", [LARGE - 1, LARGE, LARGE + 1, 4 * PIECE, HUGE])
async def test_bytes_are_one_frame(length: int) -> None:
    connection, wire = opened()
    payload = os.urandom(length)
    await connection.send_message(payload)
    assert frames(wire) == [(Opcode.BINARY, payload)]


async def test_text_is_one_frame() -> None:
    connection, wire = opened()
    text = "aü€😀" * (LARGE // 2)
    await connection.send_message(text)
    assert frames(wire) == [(Opcode.TEXT, text.encode())]


@pytest.mark.parametrize("payload", [bytes(HUGE), os.urandom(HUGE)], ids=["small", "large"])
async def test_a_compressed_message_is_one_frame(payload: bytes) -> None:
    connection, wire = opened(PerMessageDeflate(True, True, 15, 15))  # noqa: FBT003 - positional in the library
    await connection.send_message(payload)
    assert frames(wire, PerMessageDeflate(True, True, 15, 15)) == [(Opcode.BINARY, payload)]  # noqa: FBT003


@pytest.mark.parametrize("payload", [bytes(HUGE), "x" * HUGE], ids=["bytes", "text"])
async def test_others_run_between_the_pieces(payload: str | bytes) -> None:
    connection, _ = opened()
    sending = asyncio.create_task(connection.send_message(payload))
    turns = 0
    while not sending.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > HUGE // PIECE


async def test_a_ping_in_the_middle_is_answered_after_the_frame() -> None:
    connection, wire, sending = await blocked()
    connection.data_received(of_server(Opcode.PING, b"alive?"))
    wire.unblock()
    await sending
    assert frames(wire) == [(Opcode.BINARY, bytes(HUGE)), (Opcode.PONG, b"alive?")]


async def test_a_ping_of_ours_in_the_middle_follows_the_frame() -> None:
    connection, wire, sending = await blocked()
    pinging = asyncio.create_task(connection.ping(b"here"))
    wire.unblock()
    await asyncio.gather(sending, pinging)
    assert frames(wire) == [(Opcode.BINARY, bytes(HUGE)), (Opcode.PING, b"here")]


async def test_a_close_by_the_server_in_the_middle_is_answered_after_the_frame() -> None:
    connection, wire, sending = await blocked()
    reason = Close(1009, "too long").serialize()
    connection.data_received(of_server(Opcode.CLOSE, reason))
    wire.unblock()
    await sending
    assert frames(wire) == [(Opcode.BINARY, bytes(HUGE)), (Opcode.CLOSE, reason)]
    assert connection.protocol.close_rcvd == Close(1009, "too long")


async def test_a_close_of_ours_in_the_middle_follows_the_frame() -> None:
    connection, wire, sending = await blocked()
    closing = asyncio.create_task(connection.close(4001, "bye"))
    await asyncio.sleep(0)
    wire.unblock()
    await sending
    assert frames(wire) == [(Opcode.BINARY, bytes(HUGE)), (Opcode.CLOSE, Close(4001, "bye").serialize())]
    wire.lose(None)
    await closing


@pytest.mark.parametrize("error", [None, ConnectionResetError("reset")], ids=["aborted", "reset"])
async def test_a_connection_that_is_lost_in_the_middle_is_told(error: Exception | None) -> None:
    _, wire, sending = await blocked()
    wire.lose(error)
    with pytest.raises(ConnectionClosed):
        await sending
    assert len(wire.written) < HUGE


async def test_nothing_is_sent_after_a_close() -> None:
    connection, wire = opened()
    connection.data_received(of_server(Opcode.CLOSE, b""))
    sending = asyncio.create_task(connection.send_message(bytes(HUGE)))
    await asyncio.sleep(0)
    wire.lose(None)
    with pytest.raises(ConnectionClosed):
        await sending
    assert frames(wire) == [(Opcode.CLOSE, b"")]


async def test_a_caller_that_is_cancelled_leaves_no_half_of_a_frame() -> None:
    connection, wire, sending = await blocked()
    sending.cancel()
    after = asyncio.create_task(connection.send_message("after"))
    await asyncio.sleep(0)
    wire.unblock()
    await after
    assert sending.cancelled()
    assert frames(wire) == [(Opcode.BINARY, bytes(HUGE)), (Opcode.TEXT, b"after")]


async def test_messages_leave_in_order() -> None:
    connection, wire = opened()
    payloads = [bytes(LARGE), b"1", bytes(LARGE + 1), b"2"]
    await asyncio.gather(*map(connection.send_message, payloads))
    assert [data for _, data in frames(wire)] == payloads


@pytest.mark.parametrize(
    ("code", "payload"), [(1000, b"\x03\xe8bye"), (999, b"\x03\xe7bye"), (65_535, b"\xff\xffbye"), (1005, b"")]
)
async def test_a_close_frame_has_the_code_that_it_is_told(code: int, payload: bytes) -> None:
    connection, wire = opened()
    closing = asyncio.create_task(connection.close_with(code, "bye"))
    await asyncio.sleep(0)
    assert bytes(wire.written[:2]) == bytes([0x88, 0x80 | len(payload)])
    key = bytes(wire.written[2:6])
    assert bytes(byte ^ key[place % 4] for place, byte in enumerate(wire.written[6:])) == payload
    assert connection.state is State.CLOSING
    wire.abort()
    await closing
