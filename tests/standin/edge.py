"""The public side: a loopback port that passes each connection to the Worker that its Host header names."""

import asyncio
import contextlib
import secrets
import socket
import struct
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Final

from tests.standin.serving import Traffic

COLO: Final = "LAX"
"""The location that answers say they come from."""

LONGEST_HEAD: Final = 128 * 1024
"""Bytes of a request's head; Cloudflare takes 128 KB of headers."""

_AT_ONCE: Final = 64 * 1024
_TRIES: Final = 3
"""How often a Worker is looked for, as an update may end what was found before we are connected to it."""

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
    traffic: Traffic


Find = Callable[[str], Coroutine[None, None, Place | None]]
"""Gives the place of a host name; None where nothing is there."""


class Edge:
    """The listening side."""

    def __init__(self, find: Find) -> None:
        """Take what knows the places."""
        self._find = find
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, port: int) -> int:
        """Listen on loopback and give the port; 0 is any that is free."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=LONGEST_HEAD)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Stop listening and break what is open."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._pass_on(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            reset(writer)
        except asyncio.CancelledError:
            reset(writer)  # only close() cancels, and it waits for us
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _open(self, host: str) -> tuple[Place, asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in range(_TRIES):
            # what closes us must not stop a start half-way
            place = await asyncio.shield(self._find(host))
            if place is None:
                return None
            with contextlib.suppress(ConnectionRefusedError):
                return place, *await asyncio.open_connection("127.0.0.1", place.port, limit=LONGEST_HEAD)
        raise ConnectionRefusedError

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = Head.of(await reader.readuntil(b"\r\n\r\n"))
        host = (head.get("host") or "").partition(":")[0].lower()
        ray = f"{secrets.token_hex(8)}-{COLO}"
        found = await self._open(host)
        if found is None:
            writer.write(_nothing_here(ray))
            await writer.drain()
            return
        place, there, out = found
        upgrade = (head.get("upgrade") or "").lower() == "websocket"
        try:
            out.write(head.changed(drop=_NOT_FROM_OUTSIDE, add=_FORWARDED, close=not upgrade))
            up = asyncio.create_task(_pump(reader, out, place.traffic, end=False))
            down = asyncio.create_task(_answer(there, writer, place.traffic, ray, upgrade=upgrade))
            await _both(up, down)
        except (ConnectionError, asyncio.CancelledError):
            reset(out)
            raise
        finally:
            out.close()


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


async def _answer(
    there: asyncio.StreamReader, writer: asyncio.StreamWriter, traffic: Traffic, ray: str, *, upgrade: bool
) -> None:
    head = Head.of(await there.readuntil(b"\r\n\r\n"))
    opened = upgrade and head.first.split(" ")[1] == "101"
    writer.write(head.changed(drop=frozenset(), add=(("Server", "cloudflare"), ("CF-RAY", ray)), close=not opened))
    traffic.seen()
    if opened:
        traffic.opened()
    try:
        await _pump(there, writer, traffic, end=True)
    finally:
        if opened:
            traffic.closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, traffic: Traffic, *, end: bool) -> None:
    while data := await reader.read(_AT_ONCE):
        traffic.seen()
        writer.write(data)
        await writer.drain()
    if end:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    elif writer.can_write_eof():
        writer.write_eof()


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
