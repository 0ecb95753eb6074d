"""Forward connections from a local port to the worker and observe their WebSockets."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Protocol
from urllib.parse import urlsplit

from poc_cli.clients.client import Ending, Payload
from poc_cli.clients.frames import ObservedConnection, Side
from poc_cli.clients.peer_user import is_of_another_user
from poc_cli.targets.endpoint import Endpoint, certificates

LONGEST_HEAD: Final = 1 << 16
"""Bytes of a request's head; servers refuse longer ones."""

CLOSE_ANSWERED_WITHIN_SECONDS: Final = 1.0
"""How long to wait for the client's close frame after the server's before the connection counts as ended. Libraries
send it at once and then wait for the end of TCP."""

LARGEST_OBSERVED: Final = 8 << 20
"""Bytes of one direction of a request that are kept for its observer."""

_CHUNK: Final = 1 << 16
_SWITCHING: Final = 101
_CONNECTS_WITHIN_SECONDS: Final = 10.0
_LOCAL: Final = "127.0.0.1"


class RelayObserver(Protocol):
    """Callbacks about the WebSockets of a relay, each with its `number`."""

    def opened(self, number: int, head: "Head") -> None:
        """Handle that the worker accepted a WebSocket."""

    def refused(self, number: int, head: "Head", status: int) -> None:
        """Handle that the worker refused a WebSocket."""

    def passed(self, number: int, side: Side, payload: Payload) -> None:
        """Handle a message before it is forwarded."""

    def closed(self, number: int, ending: Ending) -> None:
        """Handle the end of a WebSocket."""


@dataclass(frozen=True, slots=True)
class Head:
    """The request line and the headers of a request."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """Return the value of a header, empty if there is none."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def is_websocket(self) -> bool:
        """Whether it requests a WebSocket."""
        return self.get("upgrade").lower() == "websocket"

    @property
    def text(self) -> str:
        """Return the target and the header values as one text, to search for the name of a play."""
        return "\n".join((self.target, *(value for _, value in self.headers)))

    def for_host(self, host: str) -> bytes:
        """Return its bytes for another host: requests without keep-alive, WebSockets without compression."""
        dropped = {"host", "sec-websocket-extensions"} if self.is_websocket else {"host", "connection", "keep-alive"}
        kept = [(key, value) for key, value in self.headers if key.lower() not in dropped]
        added = [("Host", host)] if self.is_websocket else [("Host", host), ("Connection", "close")]
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{key}: {value}" for key, value in [*added, *kept])]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


Route = Callable[[Head], Endpoint | None]
"""Returns the endpoint that a request is for, None if it is unknown."""


@dataclass(frozen=True, slots=True)
class RequestObserver:
    """What a relay does with requests: it forwards the head that `forwarded` returns, and reports all to `answered`.

    `answered` is called with the head, the bytes after it, and the bytes of the response, each up to LARGEST_OBSERVED.
    """

    forwarded: Callable[[Head], Head]
    answered: Callable[[Head, bytes, bytes], None]


class Relay:
    """Listens on loopback, on a bound socket or on a free port, and forwards to the routed endpoints."""

    def __init__(
        self,
        route: Route,
        observer: RelayObserver | None = None,
        bound: socket.socket | None = None,
        requests: RequestObserver | None = None,
    ) -> None:
        """Initialize with the route and the observers of WebSockets and of requests; does not listen yet."""
        self._route = route
        self._observer = observer
        self._requests = requests
        self._bound = bound
        self._server: asyncio.Server | None = None
        self._connections: dict[_Forwarded, asyncio.Task[None]] = {}
        self._numbers = 0
        self._ended_bytes = 0
        self._flowing = asyncio.Event()
        self._flowing.set()

    async def start(self) -> int:
        """Start to listen; return the port."""
        if self._bound is not None:
            self._server = await asyncio.start_server(self._accept, sock=self._bound, limit=LONGEST_HEAD)
        else:
            self._server = await asyncio.start_server(self._accept, _LOCAL, 0, limit=LONGEST_HEAD)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """Stop listening and end all connections."""
        if self._server is not None:
            self._server.close()
        tasks = list(self._connections.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def open_sockets(self) -> int:
        """Return how many WebSockets are open."""
        return sum(connection.is_open for connection in self._connections)

    @property
    def passed_bytes(self) -> int:
        """Return how many bytes of content have passed, both ways and of all connections so far."""
        return self._ended_bytes + sum(connection.passed_bytes for connection in self._connections)

    async def drop(self, how: Literal["fin", "rst"]) -> None:
        """Drop all WebSockets without a close frame."""
        cut = {connection: task for connection, task in self._connections.items() if connection.is_open}
        for connection in cut:
            connection.cut(how)
        await asyncio.gather(*cut.values(), return_exceptions=True)

    def stall(self) -> None:
        """Stop reading what the worker sends."""
        self._flowing.clear()

    def release(self) -> None:
        """Resume reading."""
        self._flowing.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if is_of_another_user(writer):  # their frames would be attributed to the program
            writer.close()
            return
        self._numbers += 1
        connection = _Forwarded(self._numbers, self._route, self._observer, self._requests, self._flowing)
        task = asyncio.current_task()
        if task is not None:
            self._connections[connection] = task
        try:
            await connection.run(reader, writer)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # one side has closed, or the relay stops; the observer has been called
        finally:
            self._connections.pop(connection, None)
            self._ended_bytes += connection.passed_bytes
            connection.abort(writer)


class _Forwarded:
    """One forwarded connection."""

    def __init__(
        self,
        number: int,
        route: Route,
        observer: RelayObserver | None,
        requests: RequestObserver | None,
        flowing: asyncio.Event,
    ) -> None:
        self._number = number
        self._route = route
        self._observer = observer
        self._requests = requests
        self._request: dict[Side, bytearray] | None = None
        """What each side has sent of a request that is observed."""

        self._flowing = flowing
        self._frames: ObservedConnection | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._dropped: str | None = None
        self._first_gone: Side | None = None
        self._has_reported_end = False
        self._unanswered: asyncio.TimerHandle | None = None
        self.passed_bytes = 0

    @property
    def is_open(self) -> bool:
        ended = self._has_reported_end or self._first_gone is not None
        return self._frames is not None and self._dropped is None and not ended

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        head = parsed(await reader.readuntil(b"\r\n\r\n"))
        endpoint = self._route(head)
        if endpoint is None:
            await _respond(writer, "502 Bad Gateway", "the request names no play of this run")
            return
        try:
            far_reader, far_writer = await _connected(endpoint)
        except (OSError, TimeoutError):
            if head.is_websocket and self._observer is not None:
                self._observer.refused(self._number, head, 502)
            await _respond(writer, "502 Bad Gateway", "the worker is not listening")
            return
        self._writers.append(far_writer)
        if self._requests is not None and not head.is_websocket:
            self._request = {"client": bytearray(), "server": bytearray()}
        try:
            forwarded = head if self._requests is None else self._requests.forwarded(head)
            far_writer.write(forwarded.for_host(endpoint.host))
            if head.is_websocket:
                await self._shake_hands(head, far_reader, writer)
            await self._forward(reader, writer, far_reader, far_writer)
        finally:
            self.abort(far_writer)
            self._report_end()
            if self._requests is not None and self._request is not None:
                self._requests.answered(head, bytes(self._request["client"]), bytes(self._request["server"]))

    async def _shake_hands(self, head: Head, far: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = await far.readuntil(b"\r\n\r\n")
        status = int(answer.split(b" ", 2)[1])
        if status == _SWITCHING:
            self._frames = ObservedConnection()
        if self._observer is not None:
            if status == _SWITCHING:
                self._observer.opened(self._number, head)
            else:
                self._observer.refused(self._number, head, status)
        writer.write(answer)

    async def _forward(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        ways = {
            asyncio.create_task(self._forward_one_way("client", reader, far_writer)),
            asyncio.create_task(self._forward_one_way("server", far_reader, writer)),
        }
        try:
            # A half-closed WebSocket has ended; of a plain request the response may still come.
            until = asyncio.FIRST_COMPLETED if self._frames is not None else asyncio.ALL_COMPLETED
            await asyncio.wait(ways, return_when=until)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _forward_one_way(self, side: Side, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await self._read(side, reader):
                self._observe(side, data)
                writer.write(data)
                await writer.drain()
            with contextlib.suppress(OSError):
                writer.write_eof()
        except OSError:
            pass
        finally:
            self._first_gone = self._first_gone or side
            if side == "server" and self._frames is None:
                writer.close()

    def _observe(self, side: Side, data: bytes) -> None:
        self.passed_bytes += len(data)
        if self._request is not None:
            self._request[side] += data[: LARGEST_OBSERVED - len(self._request[side])]
        frames = self._frames
        if frames is None or self._observer is None or self._has_reported_end:
            return
        for payload in frames.feed(side, data):
            self._observer.passed(self._number, side, payload)
        if frames.is_closed:
            self._report_end()
        elif frames.closed_first == "server" and self._unanswered is None:
            loop = asyncio.get_running_loop()
            self._unanswered = loop.call_later(CLOSE_ANSWERED_WITHIN_SECONDS, self._report_end)

    def _report_end(self) -> None:
        """Report the end once: at the second close frame, if none comes in time, or at the end of TCP."""
        if self._unanswered is not None:
            self._unanswered.cancel()
        if self._frames is not None and self._observer is not None and not self._has_reported_end:
            self._has_reported_end = True
            self._observer.closed(self._number, self._frames.ending(self._first_gone, self._dropped))

    async def _read(self, side: Side, reader: asyncio.StreamReader) -> bytes:
        if side == "server":
            await self._flowing.wait()
        return await reader.read(_CHUNK)

    def cut(self, how: Literal["fin", "rst"]) -> None:
        self._dropped = how
        for writer in self._writers:
            raw_socket = writer.get_extra_info("socket")
            if how == "rst" and raw_socket is not None:
                # SO_LINGER with a time of 0 makes close() send a reset (socket(7)).
                raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.abort(writer)

    @staticmethod
    def abort(writer: asyncio.StreamWriter) -> None:
        # The transport flushes what was written; if it is closed already, this does nothing.
        writer.close()


def parsed(data: bytes) -> Head:
    """Return the head of a request. Raises ValueError if it is malformed."""
    first, *lines = data.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    return Head(method, target, tuple((key.strip(), value.strip()) for key, _, value in pairs))


async def _connected(endpoint: Endpoint) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(endpoint.edge or endpoint.url)
    secure = parts.scheme == "https"
    async with asyncio.timeout(_CONNECTS_WITHIN_SECONDS):
        return await asyncio.open_connection(
            parts.hostname,
            parts.port or (443 if secure else 80),
            ssl=certificates() if secure else None,
            limit=LONGEST_HEAD,
        )


async def _respond(writer: asyncio.StreamWriter, status: str, message: str) -> None:
    body = message.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    with contextlib.suppress(OSError):
        await writer.drain()
