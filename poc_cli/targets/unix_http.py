"""An HTTP/1.1 client for unix sockets that reuses connections.

Libraries with unix socket support are too large: httpx takes as long to import as everything else in a short run and
used 11 % of the CPU of a long one, and aiohttp is no lighter. The parser comes from `websockets`, which is loaded
anyway, so this module only manages connections.
"""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

from websockets.exceptions import InvalidHandshake
from websockets.http11 import Response
from websockets.streams import StreamReader

_READ_BYTES: Final = 65_536
"""Bytes per read, the same as asyncio's default; an answer of the side-car has 150 bytes."""

_NOT_HTTP: Final = (EOFError, LookupError, ValueError, NotImplementedError, InvalidHandshake)
"""What `Response.parse` raises for malformed or incomplete responses."""


class NoAnswer(Exception):
    """The server could not be reached, closed the connection without an answer, or did not speak HTTP."""


class UnixClient:
    """Send requests to one unix socket; concurrent requests use separate connections."""

    def __init__(self, path: Path) -> None:
        """Take the path of the socket; connections are opened on demand."""
        self._path = path
        self._open: set[_Connection] = set()
        self._idle: list[_Connection] = []

    async def post(self, body: bytes) -> Response:
        """Send a JSON document and return the response, regardless of its status. Raises NoAnswer.

        The server closes connections that are idle for 5 s (kj's pipelineTimeout), possibly just as the next request is
        sent. If nothing came back on a reused connection, the request is sent again on a new one.
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
        """Close all connections; pending requests raise NoAnswer."""
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
        except BaseException:  # cancellation too: the late answer would be taken for that of the next request
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
        """Whether any bytes arrived since the last request was sent."""

        self._reader = reader
        self._writer = writer
        self._stream = StreamReader()

    @property
    def is_usable(self) -> bool:
        """Whether the next request can be sent: it is open and has no unread bytes."""
        return not self._reader.at_eof() and not self._writer.is_closing() and not self._stream.buffer

    def abort(self) -> None:
        self._writer.transport.abort()

    async def closed(self) -> None:
        with suppress(OSError):
            await self._writer.wait_closed()

    async def exchange(self, request: bytes) -> Response:
        """Send a request and return the response. Raises NoAnswer."""
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
