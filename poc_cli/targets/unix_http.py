"""A client for HTTP/1.1 on a unix socket, with connections that are kept for the next request.

Written here because no library that speaks HTTP over a unix socket is small: httpx takes as long to import as all else
that a short run needs, took 11 % of the CPU of a long one, and aiohttp is no lighter. The parser is the one in
`websockets`, which is loaded anyway, so all that is left to do here is to keep connections.
"""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

from websockets.exceptions import InvalidHandshake
from websockets.http11 import Response
from websockets.streams import StreamReader

_READ_BYTES: Final = 65_536
"""At most at once, as asyncio reads from its sockets; an answer of the side-car has 150 bytes."""

_NOT_HTTP: Final = (EOFError, LookupError, ValueError, NotImplementedError, InvalidHandshake)
"""What `Response.parse` raises where the bytes are no whole response."""


class NoAnswer(Exception):
    """The server could not be reached, closed the connection before it had answered, or did not speak HTTP."""


class UnixClient:
    """Sends requests to one unix socket. Requests that overlap go over connections of their own."""

    def __init__(self, path: Path) -> None:
        """Take the path of the socket; nothing is opened yet."""
        self._path = path
        self._open: set[_Connection] = set()
        self._idle: list[_Connection] = []

    async def post(self, body: bytes) -> Response:
        """Send a JSON document and return the answer, whatever its status. Raises NoAnswer.

        The server closes a connection that was idle for 5 s (kj's pipelineTimeout), and may do so just when the next
        request is sent. If nothing has come back on a connection that was kept, the request is sent once more.
        """
        request = b"POST / HTTP/1.1\r\nHost: sidecar\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        kept = self._kept()
        if kept is not None:
            try:
                return await self._exchange(kept, request)
            except NoAnswer:
                if kept.has_received:
                    raise
        return await self._exchange(await self._connect(), request)

    async def close(self) -> None:
        """Close all connections. Requests that still wait raise NoAnswer."""
        connections, self._open = self._open, set()
        self._idle.clear()
        for connection in connections:
            connection.abort()
        for connection in connections:
            await connection.closed()

    def _kept(self) -> "_Connection | None":
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
            self._drop(connection)
        return None

    async def _connect(self) -> "_Connection":
        try:
            connection = _Connection(*await asyncio.open_unix_connection(str(self._path)))
        except OSError as error:
            raise NoAnswer(_text(error)) from error
        self._open.add(connection)
        return connection

    def _drop(self, connection: "_Connection") -> None:
        connection.abort()
        self._open.discard(connection)

    async def _exchange(self, connection: "_Connection", request: bytes) -> Response:
        try:
            response = await connection.exchange(request)
        except BaseException:  # a cancelled request too: its answer may still come, and would be taken for the next one
            self._drop(connection)
            raise
        if connection.is_usable and response.headers.get("Connection", "").lower() != "close":
            self._idle.append(connection)
        else:
            self._drop(connection)
        return response


class _Connection:
    """One connection, with one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.has_received = False
        """Whether anything has come since the last request was sent."""

        self._reader = reader
        self._writer = writer
        self._stream = StreamReader()

    @property
    def is_usable(self) -> bool:
        """Whether the next request can be sent: it is open, and nothing has come that nobody asked for."""
        return not self._reader.at_eof() and not self._writer.is_closing() and not self._stream.buffer

    def abort(self) -> None:
        self._writer.transport.abort()

    async def closed(self) -> None:
        with suppress(OSError):
            await self._writer.wait_closed()

    async def exchange(self, request: bytes) -> Response:
        """Send a request and return the answer. Raises NoAnswer."""
        self.has_received = False
        try:
            self._writer.write(request)
            await self._writer.drain()
            return await self._response()
        except (OSError, *_NOT_HTTP) as error:
            raise NoAnswer(_text(error)) from error

    async def _response(self) -> Response:
        parsing = Response.parse(self._stream.read_line, self._stream.read_exact, self._stream.read_to_eof)
        while True:
            try:
                next(parsing)
            except StopIteration as parsed:
                response: Response = parsed.value
                return response
            if data := await self._reader.read(_READ_BYTES):
                self.has_received = True
                self._stream.feed_data(data)
            else:
                self._stream.feed_eof()


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
