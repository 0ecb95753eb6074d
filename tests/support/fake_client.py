"""A client of a runtime in memory."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from websockets.exceptions import ConnectionClosedError

from poc_cli.clients.client import CannotOpen, Ending, InTime, Listener, Payload, Sendable
from poc_cli.clients.inbox import Inbox
from poc_cli.clients.websocket import Handshake
from tests.support.fake_runtime import BUFFERED, NOT_SERVED, Json, Socket

if TYPE_CHECKING:
    from tests.support.fake_target import FakeTarget


class FakeClient:
    """A client of a fake runtime, in place of `SocketClient`."""

    records_openings = False

    def __init__(self, name: str, handshake: Handshake, listener: Listener) -> None:
        """Take where to connect; nothing is opened yet."""
        self.name = name
        self.inbox = Inbox()
        self.socket: Socket | None = None
        self._target: FakeTarget = handshake.dial.options["target"]
        self._path = handshake.dial.uri.removeprefix("ws://fake")
        self._compression = handshake.compression
        self._listener = listener
        self._is_up = False
        self._over = asyncio.Event()
        self._said = "it was not openeded"
        self._has_asked = False
        self._is_stalled = False
        self._unread: list[Callable[[], object]] = []

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""
        return self._is_up and not self._over.is_set()

    @property
    def how_it_ended(self) -> str:
        """Why messages cannot be sent any more, in a sentence."""
        return self._said

    async def open(self, within: float) -> Json:
        """Connect. Raises CannotOpen."""
        opened: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self._target.connect(self, self._path, opened)
        try:
            async with asyncio.timeout(within):
                status = await opened
        except TimeoutError as error:
            raise CannotOpen(self.missing(within), in_time=False) from error
        if status == NOT_SERVED:
            raise CannotOpen("ConnectionRefusedError: nobody listens")
        if status is not None:
            raise CannotOpen(f"the server answered {status}", status)
        self._is_up = True
        return {"subprotocol": None, "compression": self._compression}

    def missing(self, within: float) -> str:
        """Return that the handshake did not end in its time."""
        return f"the handshake took more than {within:g} s"

    async def send(self, payload: Sendable) -> None:
        """Send one message, and wait until a large one has been read. Raises ConnectionClosed without a connection."""
        if not self.is_open or self.socket is None:
            raise ConnectionClosedError(None, None)
        self._target.receive(self.socket, bytes(payload) if isinstance(payload, bytearray) else payload)
        if len(payload) > BUFFERED:
            await self._target.has_read(self.socket)

    async def close(self, code: int, reason: str, in_time: InTime) -> None:
        """Close with a close frame and wait for the answer; cut the connection where none comes in time."""
        if not self._is_up or self.socket is None:
            return
        self.release()
        if not self._over.is_set():
            self._has_asked = True
            self._target.receive_close(self.socket, code, reason)
        over = asyncio.ensure_future(self._over.wait())
        try:
            await in_time(over)
        finally:
            over.cancel()
        if not self._over.is_set():
            self._end(Ending("client", NOT_SERVED, "", clean=False, description="no close frame received"))

    async def await_end(self, within: float) -> bool:
        """Wait for the connection to be ended by the other side; return whether it was in time."""
        if not self._over.is_set():
            ended = asyncio.ensure_future(self._over.wait())
            await asyncio.wait([ended], timeout=within)
            ended.cancel()
        return self._over.is_set()

    async def kill(self, how: Literal["fin", "rst", "process"]) -> None:
        """Drop the connection without a close frame."""
        if self.socket is not None and self.is_open:
            self._target.lose(self.socket)
            self._end(
                Ending("client", NOT_SERVED, "", clean=False, description=f"dropped by the client ({how.upper()})")
            )

    def stall(self) -> None:
        """Stop reading."""
        self._is_stalled = True

    def release(self) -> None:
        """Read on."""
        self._is_stalled = False
        unread, self._unread = self._unread, []
        for each in unread:
            each()

    def hears(self, payload: Payload) -> None:
        """Take a message that has arrived."""

        def read() -> None:
            if not self._over.is_set():
                self._listener.received(payload)

        self._read(read)

    def hears_close(self, code: int, reason: str) -> None:
        """Take a close frame that has arrived."""
        by: Literal["client", "server"] = "client" if self._has_asked else "server"
        self._read(
            lambda: self._end(Ending(by, code, reason, clean=True, description=f"received {code}; then sent {code}"))
        )

    def hears_end(self) -> None:
        """Take notice that the connection has broken."""
        self._read(
            lambda: self._end(Ending("nobody", NOT_SERVED, "", clean=False, description="no close frame received"))
        )

    def _read(self, action: Callable[[], object]) -> None:
        if self._is_stalled:
            self._unread.append(action)
        else:
            action()

    def _end(self, ending: Ending) -> None:
        if self._over.is_set():
            return
        self._said = ending.description
        self._over.set()
        self.inbox.end()
        self._listener.ended(ending)
