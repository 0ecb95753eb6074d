"""A socket of a load, against the other half of the same protocol: who ended it, with what words, is told exactly."""

import gc
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest
from websockets.frames import DATA_OPCODES, Frame
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from poc_cli.load.load_socket import Socket

if TYPE_CHECKING:
    import asyncio


class Wire:
    """A transport that leads to a server in memory."""

    def __init__(self, server: ServerProtocol, answer: Callable[[Request], None]) -> None:
        """Take the server, and what it does about a handshake."""
        self.server = server
        self.aborted = False
        self.came: list[bytes] = []
        self._answer = answer

    def write(self, data: bytes) -> None:
        """Take what the client sends."""
        self.server.receive_data(data)
        for event in self.server.events_received():
            if isinstance(event, Request):
                self._answer(event)
            elif isinstance(event, Frame) and event.opcode in DATA_OPCODES:
                self.came.append(bytes(event.data))

    def write_eof(self) -> None:
        """Take the end of what the client sends."""
        self.server.receive_eof()

    def can_write_eof(self) -> bool:
        """Return whether there can be such an end."""
        return True

    def abort(self) -> None:
        """Break off."""
        self.aborted = True


class Heard:
    """Hears a socket, and has a server speak to it."""

    def __init__(self, *, refuse: int | None = None) -> None:
        """Connect; `refuse` is the status of a server that turns it away."""
        self.told: list[tuple[str, object]] = []
        self.server = ServerProtocol()
        self._refuse = refuse
        self.wire = Wire(self.server, self._handshake)
        self.socket = Socket(7, parse_uri("ws://127.0.0.1/room"), [("Authorization", "Bearer x"), ("Host", "h")], self)
        self.socket.connection_made(cast("asyncio.Transport", self.wire))
        self.flush()

    def _handshake(self, request: Request) -> None:
        self.request = request
        if self._refuse is None:
            self.server.send_response(self.server.accept(request))
        else:
            self.server.send_response(self.server.reject(self._refuse, "the room is full"))

    def flush(self) -> None:
        """Bring the client what the server has to say."""
        for data in self.server.data_to_send():
            if data:
                self.socket.data_received(data)
            else:
                self.socket.eof_received()

    def opened(self, socket: Socket) -> None:
        """Hear that it is open."""
        assert socket.is_open
        self.told.append(("opened", None))

    def refused(self, socket: Socket, why: str) -> None:
        """Hear that it will not be."""
        assert not socket.is_open
        self.told.append(("refused", why))

    def received(self, socket: Socket, data: bytes) -> None:
        """Hear a message."""
        assert socket.index == 7
        self.told.append(("received", data))

    def ended(self, socket: Socket) -> None:
        """Hear the end."""
        self.told.append(("ended", socket.ending))

    def gone(self, socket: Socket) -> None:
        """Hear that the connection is gone."""
        assert not socket.is_open
        self.told.append(("gone", None))


def test_it_opens_with_its_headers_each_once() -> None:
    heard = Heard()
    assert heard.told == [("opened", None)]
    assert heard.request.headers["Authorization"] == "Bearer x"
    assert heard.request.headers.get_all("Host") == ["h"]


@pytest.mark.parametrize("is_binary", [True, False])
def test_messages_go_both_ways(*, is_binary: bool) -> None:
    heard = Heard()
    heard.socket.send(b"\x01abc" if is_binary else b"abc", is_binary=is_binary)
    assert heard.server.state is OPEN
    assert heard.wire.came == [b"\x01abc" if is_binary else b"abc"]
    heard.server.send_text(b"one")
    heard.server.send_binary(b"\x01two")
    heard.flush()
    assert heard.told[1:] == [("received", b"one"), ("received", b"\x01two")]


def test_a_server_that_closes_says_so_with_its_words() -> None:
    heard = Heard()
    heard.server.send_close(1012, "restarted")
    heard.flush()
    assert heard.told[1:] == [("ended", (1012, "restarted", "server"))]
    assert not heard.socket.is_open
    heard.socket.connection_lost(None)
    assert heard.told[2:] == [("gone", None)]


def test_a_connection_that_breaks_was_closed_by_nobody() -> None:
    heard = Heard()
    heard.socket.connection_lost(ConnectionResetError())
    assert heard.told[1:] == [("ended", (1006, "", "nobody")), ("gone", None)]


def test_a_stream_that_ends_without_a_close_frame_was_closed_by_nobody() -> None:
    heard = Heard()
    heard.socket.eof_received()
    heard.socket.connection_lost(None)
    assert heard.told[1:] == [("ended", (1006, "", "nobody")), ("gone", None)]


def test_who_leaves_is_answered_and_was_the_first() -> None:
    heard = Heard()
    heard.socket.leave()
    heard.flush()
    heard.socket.connection_lost(None)
    assert [what for what, _ in heard.told[1:]] == ["ended", "gone"]
    assert heard.socket.left
    assert heard.socket.ending == (1000, "", "client")


def test_a_refusal_is_told_with_the_server_s_words_once() -> None:
    heard = Heard(refuse=503)
    heard.socket.connection_lost(None)
    assert heard.told == [("refused", "the server answered 503 the room is full"), ("gone", None)]


def test_a_handshake_that_breaks_off_is_a_refusal() -> None:
    heard = Heard.__new__(Heard)
    heard.told = []
    heard.socket = Socket(7, parse_uri("ws://127.0.0.1/"), [], heard)
    heard.socket.connection_made(cast("asyncio.Transport", Silent()))
    heard.socket.connection_lost(None)
    assert heard.told == [("refused", "the connection ended during the handshake"), ("gone", None)]


def test_one_that_was_given_up_before_it_connected_is_broken_off() -> None:
    heard = Heard.__new__(Heard)
    heard.told = []
    heard.socket = Socket(7, parse_uri("ws://127.0.0.1/"), [], heard)
    heard.socket.cut("the handshake took more than 10 s")
    silent = Silent()
    heard.socket.connection_made(cast("asyncio.Transport", silent))
    assert silent.aborted
    assert heard.told == [("refused", "the handshake took more than 10 s")]


class Silent:
    """A transport on which nobody answers."""

    aborted = False

    def write(self, data: bytes) -> None:
        """Take it and say nothing."""

    def abort(self) -> None:
        """Break off."""
        self.aborted = True

    def __getattr__(self, name: str) -> Any:
        """Take anything else that is asked of a transport."""
        return lambda *_: None


def test_one_that_is_gone_leaves_nothing_to_the_collector_of_cycles() -> None:
    gc.collect()
    gc.disable()
    try:
        heard = Heard()
        heard.server.send_close(1000)
        heard.flush()
        heard.socket.connection_lost(None)
        protocol = weakref.ref(heard.socket._sans_io)
        heard.wire = heard.socket = None  # type: ignore[assignment]
        assert protocol() is None
    finally:
        gc.enable()
