"""Forward connections from a local port to the worker and observe what passes."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from urllib.parse import urlsplit

from poc_cli.clients.client import Ending, Payload
from poc_cli.clients.frames import Side, Wire
from poc_cli.clients.neighbors import is_of_another_user
from poc_cli.targets.endpoint import Door, certificates

LONGEST_HEAD: Final = 1 << 16
"""Bytes of a request's head; servers refuse longer ones."""

CLOSE_ANSWERED_WITHIN_SECONDS: Final = 1.0
"""How long a client may take to answer the server's close frame before the connection is told as ended all the same:
libraries answer at once, by themselves, and wait for the end of TCP afterwards."""

_CHUNK: Final = 1 << 16
_SWITCHING: Final = 101
_CONNECTS_WITHIN_SECONDS: Final = 10.0
_LOCAL: Final = "127.0.0.1"


class Watcher(Protocol):
    """Who hears what passes on the WebSockets of a relay; `number` tells them apart."""

    def opened(self, number: int, head: "Head") -> None:
        """Hear that the worker has let one in."""

    def refused(self, number: int, head: "Head", status: int) -> None:
        """Hear that the worker has answered otherwise."""

    def passed(self, number: int, side: Side, payload: Payload) -> None:
        """Hear of a message, before it goes on."""

    def closed(self, number: int, ending: Ending) -> None:
        """Hear that one has ended."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request: its first line in three words, its headers as they came."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """Return a header, the empty text where there is none."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def is_websocket(self) -> bool:
        """Whether it asks for a WebSocket."""
        return self.get("upgrade").lower() == "websocket"

    @property
    def text(self) -> str:
        """Return all of it that may name something."""
        return "\n".join((self.target, *(value for _, value in self.headers)))

    def for_host(self, host: str) -> bytes:
        """Return its bytes for another host: a request alone on its connection, a WebSocket without compression."""
        dropped = {"host", "sec-websocket-extensions"} if self.is_websocket else {"host", "connection", "keep-alive"}
        kept = [(key, value) for key, value in self.headers if key.lower() not in dropped]
        added = [("Host", host)] if self.is_websocket else [("Host", host), ("Connection", "close")]
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{key}: {value}" for key, value in [*added, *kept])]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


Route = Callable[[Head], Door | None]
"""Gives the way to the server that a request is for, None if nobody knows it."""


class Relay:
    """Listens on loopback, on a socket that was bound before or one of its own."""

    def __init__(self, route: Route, watcher: Watcher | None = None, bound: socket.socket | None = None) -> None:
        """Take where requests go and who hears of their WebSockets; nothing listens yet."""
        self._route = route
        self._watcher = watcher
        self._bound = bound
        self._server: asyncio.Server | None = None
        self._passing: dict[_Passing, asyncio.Task[None]] = {}
        self._numbers = 0
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def start(self) -> int:
        """Listen; give the port."""
        if self._bound is not None:
            self._server = await asyncio.start_server(self._accept, sock=self._bound, limit=LONGEST_HEAD)
        else:
            self._server = await asyncio.start_server(self._accept, _LOCAL, 0, limit=LONGEST_HEAD)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Listen no more, and end what passes."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._passing.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def open_sockets(self) -> int:
        """Return how many WebSockets are open."""
        return sum(passing.is_open for passing in self._passing)

    async def drop(self, how: Literal["fin", "rst"]) -> None:
        """Cut all WebSockets without a close frame."""
        cut = {passing: task for passing, task in self._passing.items() if passing.is_open}
        for passing in cut:
            passing.cut(how)
        await asyncio.gather(*cut.values(), return_exceptions=True)

    def stall(self) -> None:
        """Stop reading what the worker sends."""
        self._flowing.clear()

    def release(self) -> None:
        """Read on."""
        self._flowing.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if is_of_another_user(writer):  # whose frames would be taken for the program's
            writer.close()
            return
        self._numbers += 1
        passing = _Passing(self._numbers, self._route, self._watcher, self._flowing)
        task = asyncio.current_task()
        if task is not None:
            self._passing[passing] = task
        try:
            await passing.run(reader, writer)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # one end or the other has gone, or we are; what there is to tell has been told
        finally:
            self._passing.pop(passing, None)
            passing.abort(writer)


class _Passing:
    """One connection on its way through."""

    def __init__(self, number: int, route: Route, watcher: Watcher | None, flowing: asyncio.Event) -> None:
        self._number = number
        self._route = route
        self._watcher = watcher
        self._flowing = flowing
        self._wire: Wire | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._dropped: str | None = None
        self._first_gone: Side | None = None
        self._has_told_end = False
        self._unanswered: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        ended = self._has_told_end or self._first_gone is not None
        return self._wire is not None and self._dropped is None and not ended

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        head = parsed(await reader.readuntil(b"\r\n\r\n"))
        door = self._route(head)
        if door is None:
            await _answer(writer, "502 Bad Gateway", "no play of this run is named in the request")
            return
        try:
            far_reader, far_writer = await _connected(door)
        except (OSError, TimeoutError):
            if head.is_websocket and self._watcher is not None:
                self._watcher.refused(self._number, head, 502)
            await _answer(writer, "502 Bad Gateway", "the worker does not listen")
            return
        self._writers.append(far_writer)
        try:
            far_writer.write(head.for_host(door.host))
            if head.is_websocket:
                await self._shake_hands(head, far_reader, writer)
            await self._pass_on(reader, writer, far_reader, far_writer)
        finally:
            self.abort(far_writer)
            self._tell_end()

    async def _shake_hands(self, head: Head, far: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = await far.readuntil(b"\r\n\r\n")
        status = int(answer.split(b" ", 2)[1])
        if status == _SWITCHING:
            self._wire = Wire()
        if self._watcher is not None:
            if status == _SWITCHING:
                self._watcher.opened(self._number, head)
            else:
                self._watcher.refused(self._number, head, status)
        writer.write(answer)

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        ways = {
            asyncio.create_task(self._one_way("client", reader, far_writer)),
            asyncio.create_task(self._one_way("server", far_reader, writer)),
        }
        try:
            # A half-closed connection is none of a WebSocket; of a plain request the answer may still be on its way.
            until = asyncio.FIRST_COMPLETED if self._wire is not None else asyncio.ALL_COMPLETED
            await asyncio.wait(ways, return_when=until)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _one_way(self, side: Side, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await self._read(side, reader):
                self._look_at(side, data)
                writer.write(data)
                await writer.drain()
            with contextlib.suppress(OSError):
                writer.write_eof()
        except OSError:
            pass
        finally:
            self._first_gone = self._first_gone or side
            if side == "server" and self._wire is None:
                writer.close()

    def _look_at(self, side: Side, data: bytes) -> None:
        wire = self._wire
        if wire is None or self._watcher is None or self._has_told_end:
            return
        for payload in wire.feed(side, data):
            self._watcher.passed(self._number, side, payload)
        if wire.is_closed:
            self._tell_end()
        elif wire.closed_first == "server" and self._unanswered is None:
            loop = asyncio.get_running_loop()
            self._unanswered = loop.call_later(CLOSE_ANSWERED_WITHIN_SECONDS, self._tell_end)

    def _tell_end(self) -> None:
        """Tell how it ended, once: at the second close frame, where none comes in time, or at the end of TCP."""
        if self._unanswered is not None:
            self._unanswered.cancel()
        if self._wire is not None and self._watcher is not None and not self._has_told_end:
            self._has_told_end = True
            self._watcher.closed(self._number, self._wire.ending(self._first_gone, self._dropped))

    async def _read(self, side: Side, reader: asyncio.StreamReader) -> bytes:
        if side == "server":
            await self._flowing.wait()
        return await reader.read(_CHUNK)

    def cut(self, how: Literal["fin", "rst"]) -> None:
        self._dropped = how
        for writer in self._writers:
            endpoint = writer.get_extra_info("socket")
            if how == "rst" and endpoint is not None:
                # Closing a socket that lingers for no time at all resets it (socket(7)).
                endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.abort(writer)

    @staticmethod
    def abort(writer: asyncio.StreamWriter) -> None:
        # What has been written goes out first; a closed transport ignores it.
        writer.close()


def parsed(data: bytes) -> Head:
    """Return the head of a request. Raises ValueError for what is none."""
    first, *lines = data.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    return Head(method, target, tuple((key.strip(), value.strip()) for key, _, value in pairs))


async def _connected(door: Door) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(door.edge or door.url)
    secure = parts.scheme == "https"
    async with asyncio.timeout(_CONNECTS_WITHIN_SECONDS):
        return await asyncio.open_connection(
            parts.hostname,
            parts.port or (443 if secure else 80),
            ssl=certificates() if secure else None,
            limit=LONGEST_HEAD,
        )


async def _answer(writer: asyncio.StreamWriter, status: str, said: str) -> None:
    body = said.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    with contextlib.suppress(OSError):
        await writer.drain()
