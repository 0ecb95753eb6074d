"""The public side: a loopback port that passes each connection to the Worker that its Host header names."""

import asyncio
import contextlib
import secrets
import socket
import struct
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Final

from tests.standin.serving import Held

COLO: Final = "LAX"
"""The location that answers say they come from."""

LONGEST_HEAD: Final = 128 * 1024
"""Bytes of a request's head; Cloudflare takes 128 KB of headers."""

_AT_ONCE: Final = 64 * 1024
_TRIES: Final = 3
"""How often a Worker is looked for, as an update may end what was found before we are connected to it."""

_MOVES: Final = 20
_BETWEEN_MOVES: Final = 0.05

_LINGER_NOT: Final = struct.pack("ii", 1, 0)
_FORWARDED: Final = (
    ("X-Forwarded-Proto", "https"),
    ("CF-Connecting-IP", "127.0.0.1"),
    ("CF-Blob", f'{{"colo":"{COLO}"}}'),
)
_NOT_FROM_OUTSIDE: Final = frozenset(name.lower() for name, _ in _FORWARDED) | {"cf-ray"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request goes."""

    port: int
    held: Held


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

Find = Callable[[str, str], Coroutine[None, None, Place | None]]
"""Gives the place of a host name and a path; None where nothing is there."""


class Edge:
    """The listening side."""

    def __init__(self, find: Find) -> None:
        """Take what knows the places."""
        self._find = find
        self._server: asyncio.Server | None = None
        self._open_here: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._ended = False

    async def start(self, port: int) -> int:
        """Listen on loopback and give the port; 0 is any that is free."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", port, limit=LONGEST_HEAD)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and break what is open."""
        self._ended = True
        if self._server is not None:
            # asyncio (3.11) leaves a connection open that it has accepted in the turn before the server is closed.
            for listening in self._server.sockets:
                asyncio.get_running_loop().remove_reader(listening.fileno())
            await asyncio.sleep(0)
            self._server.close()
        open_here = dict(self._open_here)
        for task, writer in open_here.items():
            task.cancel()
            reset(writer)  # a task that has not begun yet would not do it
        await asyncio.gather(*open_here, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._ended:  # it was accepted just before
            reset(writer)
            return
        task = asyncio.create_task(self._serve(reader, writer))
        self._open_here[task] = writer
        task.add_done_callback(self._open_here.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._pass_on(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            reset(writer)
        finally:
            writer.close()

    async def _open(self, host: str, path: str) -> tuple[Place, asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in range(_TRIES):
            # what closes us must not stop a start half-way
            place = await asyncio.shield(self._find(host, path))
            if place is None:
                return None
            with contextlib.suppress(ConnectionRefusedError):
                return place, *await asyncio.open_connection("127.0.0.1", place.port, limit=LONGEST_HEAD)
        raise ConnectionRefusedError

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = Head.of(await reader.readuntil(b"\r\n\r\n"))
        host = (head.get("host") or "").partition(":")[0].lower()
        ray = f"{secrets.token_hex(8)}-{COLO}"
        path = head.first.split(" ")[1].partition("?")[0]
        found = await self._open(host, path)
        if found is None:
            writer.write(_nothing_here(ray))
            await writer.drain()
            return
        place, there, out = found
        upgrade = (head.get("upgrade") or "").lower() == "websocket"
        sent = head.changed(drop=_NOT_FROM_OUTSIDE, add=_FORWARDED, close=not upgrade)
        passage = _Passage(sent, (reader, writer), (there, out), place.held)
        try:
            out.write(sent)
            up = asyncio.create_task(passage.up())
            down = asyncio.create_task(passage.answer(ray, upgrade=upgrade))
            await _both(up, down)
        except (ConnectionError, asyncio.CancelledError):
            reset(passage.out)
            raise
        finally:
            place.held.passages.discard(passage)
            passage.out.close()


async def _both(up: "asyncio.Task[None]", down: "asyncio.Task[None]") -> None:
    """Wait for the answer's end; raise at once what goes wrong on either side."""
    try:
        await asyncio.wait((up, down), return_when=asyncio.FIRST_EXCEPTION)  # both may end well, in either order
        for task in (up, down):
            if task.done():
                task.result()
    finally:
        for task in (up, down):
            task.cancel()
        await asyncio.gather(up, down, return_exceptions=True)


class _Passage:
    """One connection through the edge. Its Worker's side can be replaced while the client's stays."""

    def __init__(self, head: bytes, client: Streams, worker: Streams, held: Held) -> None:
        """Take the request's head, which another process gets again, and both sides."""
        self._head = head
        self._reader, self._writer = client
        self._there, self.out = worker
        self._held = held
        self._joined = asyncio.Event()
        self._joined.set()

    async def up(self) -> None:
        """Pass on what the client sends."""
        while data := await self._reader.read(_AT_ONCE):
            self._held.traffic.seen()
            await self._joined.wait()
            self.out.write(data)
            await self.out.drain()
        if self.out.can_write_eof():
            self.out.write_eof()

    async def answer(self, ray: str, *, upgrade: bool) -> None:
        """Pass on the Worker's answer, and on a WebSocket what comes after it."""
        traffic = self._held.traffic
        head = Head.of(await self._there.readuntil(b"\r\n\r\n"))
        opened = upgrade and head.first.split(" ")[1] == "101"
        added = (("Server", "cloudflare"), ("CF-RAY", ray))
        self._writer.write(head.changed(drop=frozenset(), add=added, close=not opened))
        traffic.seen()
        if opened:
            traffic.opened()
            self._held.passages.add(self)
        try:
            await self._down()
        finally:
            if opened:
                traffic.closed()

    async def _down(self) -> None:
        while True:
            there = self._there
            try:
                data = await there.read(_AT_ONCE)
            except ConnectionError:
                if self._joined.is_set() and there is self._there:
                    raise
                data = b""
            if data:
                self._held.traffic.seen()
                self._writer.write(data)
                await self._writer.drain()
            elif self._joined.is_set() and there is self._there:
                break
            else:
                await self._joined.wait()
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    def drop(self) -> None:
        """Break both sides."""
        self._joined.set()
        reset(self._writer)
        reset(self.out)

    def hold(self) -> None:
        """Let the Worker's side end without the client's, until `move`."""
        self._joined.clear()

    async def move(self, port: int) -> None:
        """Open the same WebSocket at another process and go on there, as if it had always been there.

        The process before may still write into the same database, as the socket that was moved first is closed there:
        then the object of the other process fails, and is asked again.
        """
        for _ in range(_MOVES):
            there, out = await asyncio.open_connection("127.0.0.1", port, limit=LONGEST_HEAD)
            out.write(self._head)
            if (await there.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 "):
                break
            reset(out)
            await asyncio.sleep(_BETWEEN_MOVES)
        before, self._there, self.out = self.out, there, out
        self._joined.set()
        reset(before)


def reset(writer: asyncio.StreamWriter | asyncio.Transport) -> None:
    """Break a connection with a reset instead of an end."""
    transport = writer.transport if isinstance(writer, asyncio.StreamWriter) else writer
    connection = transport.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()


def _nothing_here(ray: str) -> bytes:
    body = b"<!DOCTYPE html><title>There is nothing here yet</title>error code: 1042\n"
    return (
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=UTF-8\r\nServer: cloudflare\r\n"
        f"CF-RAY: {ray}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body


@dataclass(frozen=True, slots=True)
class Head:
    """The first line and the headers of a request or an answer."""

    first: str
    headers: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, data: bytes) -> "Head":
        """Read a head with its empty line."""
        first, *lines = data.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        split = (line.partition(":") for line in lines)
        return cls(first, tuple((name.strip(), value.strip()) for name, _, value in split))

    def get(self, name: str) -> str | None:
        """Return the value of a header by its name in small letters."""
        return next((value for each, value in self.headers if each.lower() == name), None)

    def changed(self, *, drop: frozenset[str], add: tuple[tuple[str, str], ...], close: bool) -> bytes:
        """Return the head with other headers; `close` makes it the last one of its connection."""
        gone = drop | {"connection", "keep-alive"} if close else drop
        kept = [each for each in self.headers if each[0].lower() not in gone]
        kept += [*add, ("Connection", "close")] if close else add
        return "\r\n".join([self.first, *(f"{name}: {value}" for name, value in kept), "", ""]).encode("latin-1")
