"""The sockets of a shard: open and close them, and track the fate of each."""

import asyncio
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, NamedTuple

from websockets.uri import WebSocketURI, parse_uri

from poc_cli.load.ledger import Ledger
from poc_cli.load.load_socket import Socket
from poc_cli.load.plan import OPENS_WITHIN_SECONDS
from poc_cli.load.sharding import Shard, source_address
from poc_cli.record.ranges import ranges
from poc_cli.scenario.templates import render_text

OPENING_AT_ONCE: Final = 128
"""Concurrent handshakes; Linux drops connections beyond the backlog that workerd sets."""

CLOSES_WITHIN_SECONDS: Final = 10.0
"""How long to wait for the peer's close frame before the connection is dropped."""

_SWEEPS_EVERY_SECONDS: Final = 0.5

MOST_REASONS: Final = 50
"""Distinct error texts that are recorded, as a server may put a number into each."""

_OTHER: Final = "other reasons"


class Drop(NamedTuple):
    """How a connection ended that the client did not close."""

    code: int
    reason: str
    by: str


@dataclass(slots=True)
class StageCounts:
    """What happened to connections in one stage."""

    opened: int = 0
    left: int = 0
    failed: int = 0
    cut: int = 0
    """Clients that closed but got no close frame back."""
    drops: dict[Drop, set[int]] = field(default_factory=dict)


class SocketPool:
    """The sockets of one shard, each at its index."""

    def __init__(self, shard: Shard, url: str, headers: Iterable[tuple[str, str]], ledger: Ledger) -> None:
        """Initialize with where to connect; opens nothing."""
        self.shard = shard
        self.counts = StageCounts()
        self.opening: set[Socket] = set()
        self.closing: set[Socket] = set()
        self.failures: dict[int, str] = {}
        self.drops: dict[int, Drop] = {}
        self.departed: set[int] = set()
        self.changed: Callable[[], None] = lambda: None
        self._ledger = ledger
        self._uri = parse_uri(url.replace("http", "ws", 1).rstrip("/"))
        self._headers = tuple(headers)
        self._open: dict[int, Socket] = {}
        self._loop = asyncio.get_running_loop()
        self._address: tuple[str, int] | None = None
        self._words: set[str] = set()
        self._tls = ssl.create_default_context() if self._uri.secure else None

    # --- open sockets

    @property
    def is_on_loopback(self) -> bool:
        """Whether the target is on this machine."""
        return self._uri.host in {"127.0.0.1", "::1", "localhost"}

    @property
    def open_count(self) -> int:
        """Return the number of open sockets."""
        return len(self._open)

    def open_sockets(self) -> list[Socket]:
        """Return the open sockets by index."""
        return [self._open[index] for index in sorted(self._open)]

    def open_in(self, room: int) -> list[Socket]:
        """Return the open sockets of a room by index."""
        return [each for each in self.open_sockets() if self.shard.plan.room_of(each.index) == room]

    def by_room(self) -> dict[int, list[Socket]]:
        """Return the open sockets of each room that has any."""
        found: dict[int, list[Socket]] = {}
        for each in self.open_sockets():
            found.setdefault(self.shard.plan.room_of(each.index), []).append(each)
        return found

    def socket(self, index: int) -> Socket | None:
        """Return the open connection of an index, None if it has none."""
        return self._open.get(index)

    def idle_sockets(self) -> list[Socket]:
        """Return the open sockets without a pending reply, in no order."""
        return [each for each in self._open.values() if not each.due]

    def left_indexes(self) -> list[int]:
        """Return the indexes of clients that have left and not connected again."""
        busy = {each.index for each in (*self.closing, *self.opening)}
        return sorted(self.departed - busy - self._open.keys())

    # --- opening and closing

    async def resolve(self) -> None:
        """Resolve the target's address once for all sockets. Raises OSError if that fails."""
        found = await self._loop.getaddrinfo(self._uri.host, self._uri.port, type=1)  # SOCK_STREAM
        self._address = found[0][4][:2]  # type: ignore[assignment]

    def open(self, index: int, intended: float) -> None:
        """Start to open the connection of an index; the result is in the counts."""
        self.failures.pop(index, None)
        self.departed.discard(index)
        socket = Socket(index, self._uri_of(index), self._headers_of(index), self)
        socket.since = intended
        socket.began = time.monotonic()
        self.opening.add(socket)
        task = self._loop.create_task(self._connect(socket))
        task.add_done_callback(lambda done: self._connected(done, socket))

    def not_opened(self, index: int, why: str) -> None:
        """Count a connection as failed that was not tried."""
        self.departed.discard(index)
        self.counts.failed += 1
        self.failures[index] = self._kept(why)

    async def _connect(self, socket: Socket) -> None:
        if self._address is None:
            await self.resolve()
        host, port = self._address or ("", 0)
        options: dict[str, Any] = {}
        if self._tls is not None:
            options = {"ssl": self._tls, "server_hostname": self._uri.host}
        if self.shard.many_addresses:
            options["local_addr"] = (source_address(socket.index), 0)
        await self._loop.create_connection(lambda: socket, host, port, **options)

    def _connected(self, done: "asyncio.Task[None]", socket: Socket) -> None:
        if done.cancelled():
            self.refused(socket, "given up")
        elif (error := done.exception()) is not None:
            self.refused(socket, f"{type(error).__name__}: {_without_address(error)}")

    def leave(self, socket: Socket) -> None:
        """Close a connection as a client that leaves."""
        socket.began = time.monotonic()
        self.closing.add(socket)
        self.departed.add(socket.index)
        self.counts.left += 1
        socket.leave()

    async def enforce_deadlines(self) -> None:
        """Periodically drop handshakes and closes that take too long."""
        while True:
            await asyncio.sleep(_SWEEPS_EVERY_SECONDS)
            now = time.monotonic()
            for socket in [each for each in self.opening if now - each.began > OPENS_WITHIN_SECONDS]:
                socket.cut(f"the handshake took more than {OPENS_WITHIN_SECONDS:g} s")
            for socket in [each for each in self.closing if now - each.began > CLOSES_WITHIN_SECONDS]:
                self.counts.cut += socket.left
                self.closing.discard(socket)
                socket.cut()

    def leave_all(self) -> None:
        """Close all connections; `closing` has those in progress."""
        for socket in [*self._open.values()]:
            self.leave(socket)

    def abort_all(self) -> None:
        """Drop all connections without a close frame."""
        for socket in [*self._open.values(), *self.opening, *self.closing]:
            socket.left = True
            socket.cut()

    # --- callbacks of sockets

    def opened(self, socket: Socket) -> None:
        """Handle that a connection is open."""
        self.opening.discard(socket)
        self._open[socket.index] = socket
        self.drops.pop(socket.index, None)
        self.counts.opened += 1
        self._ledger.tally.record("open", time.monotonic() - socket.since)
        self.changed()

    def refused(self, socket: Socket, why: str) -> None:
        """Handle that a connection will never be open."""
        if socket not in self.opening:
            return
        self.opening.discard(socket)
        self.counts.failed += 1
        self.failures[socket.index] = self._kept(why)
        self.changed()

    def received(self, socket: Socket, data: bytes) -> None:
        """Handle a message."""
        self._ledger.arrived(socket, data)

    def ended(self, socket: Socket) -> None:
        """Handle that a connection can no longer be used."""
        if self._open.get(socket.index) is socket:
            del self._open[socket.index]
        if not socket.left:
            code, reason, by = socket.ending
            drop = Drop(code, self._kept(reason), by)
            self.drops[socket.index] = drop
            self.counts.drops.setdefault(drop, set()).add(socket.index)
            socket.began = time.monotonic()
            self.closing.add(socket)
        self._ledger.ended(socket)
        self.changed()

    def gone(self, socket: Socket) -> None:
        """Handle that a connection's descriptor is free."""
        self.closing.discard(socket)
        self.changed()

    # --- fates

    def fates(self) -> dict[str, Any]:
        """Return the fate of each index; every index is in exactly one group."""
        drops: dict[Drop, set[int]] = {}
        failures: dict[str, set[int]] = {}
        departed, never = set(), set()
        for index in self.shard.indexes:
            if index in self._open:
                continue
            if index in self.failures:
                failures.setdefault(self.failures[index], set()).add(index)
            elif index in self.departed:
                departed.add(index)
            elif index in self.drops:
                drops.setdefault(self.drops[index], set()).add(index)
            else:
                never.add(index)
        return {
            "open": ranges(self._open),
            "dropped": drop_groups(drops),
            "failed": [{"error": why, "sockets": ranges(each)} for why, each in failures.items()],
            "left": ranges(departed),
            "never_asked": ranges(never),
            "unknown": [],
        }

    def _kept(self, words: str) -> str:
        if words not in self._words:
            if len(self._words) >= MOST_REASONS:
                return _OTHER
            self._words.add(words)
        return words

    def _uri_of(self, index: int) -> WebSocketURI:
        path = render_text(self.shard.plan.path, self._names(index))
        path, _, query = path.partition("?")
        base = self._uri
        return WebSocketURI(base.secure, base.host, base.port, base.path.rstrip("/") + path, query)

    def _headers_of(self, index: int) -> Iterator[tuple[str, str]]:
        names = self._names(index)
        return chain(self._headers, ((name, render_text(value, names)) for name, value in self.shard.plan.headers))

    def _names(self, index: int) -> dict[str, object]:
        return {"play": self.shard.play, "room": self.shard.plan.room_of(index), "i": index}


def drop_groups(drops: dict[Drop, set[int]]) -> list[dict[str, Any]]:
    """Return the ways in which connections ended, each with its sockets."""
    return [{**drop._asdict(), "sockets": ranges(each)} for drop, each in drops.items()]


def _without_address(error: BaseException) -> str:
    """Return the text of an error without the socket's port, so that it is the same for all sockets."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)
