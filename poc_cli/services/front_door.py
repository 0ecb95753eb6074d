"""The address at which clients reach a worker while their session is recorded."""

import io
import time
from dataclasses import replace
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Final, cast

from poc_cli.clients.client import Ending
from poc_cli.clients.frames import Side
from poc_cli.clients.relay import Head, Relay, RequestObserver
from poc_cli.errors import UsageError
from poc_cli.recorder.session import Ended, Happening, Opened, Payload, Received, Requested, Sent
from poc_cli.targets.api_address import LOOPBACK, bound_socket
from poc_cli.targets.endpoint import Endpoint

if TYPE_CHECKING:
    import socket

LARGEST_SESSION: Final = 64 << 20
"""Bytes of messages that are kept: a scenario of that size could not be read any more."""

BROKEN: Final = 1006
"""The code of a connection that ended without a close frame (RFC 6455 7.1.5)."""


class FrontDoor:
    """Listens on loopback, forwards to a worker, and keeps what passes."""

    def __init__(self, endpoint: Endpoint, token: dict[str, str], port: int = 0) -> None:
        """Bind a port; does not listen yet. `token` has the headers that the worker needs and clients may leave out.

        Raises UsageError if the port is in use.
        """
        self._token = token
        try:
            self._bound = bound_socket(port)
        except OSError as error:
            raise UsageError(f"cannot listen on port {port}: {error.strerror}", "choose another --port") from error
        self._relay = Relay(lambda _: endpoint, self, self._bound, RequestObserver(self._forwarded, self._answered))
        self._happenings: list[Happening] = []
        self._begun: dict[int, float] = {}
        """When each request began that is not answered yet, by the identity of its head."""

        self._origin = time.monotonic()
        self._size = 0
        self._is_open = True

    @property
    def port(self) -> int:
        """Return the port."""
        port: int = self._bound.getsockname()[1]
        return port

    @property
    def address(self) -> str:
        """Return the address without a trailing slash."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def happenings(self) -> tuple[Happening, ...]:
        """Return what has happened so far, in order."""
        return tuple(sorted(self._happenings, key=lambda each: each.at_s))

    @property
    def progress(self) -> tuple[int, int]:
        """Return what grows with everything that passes or ends: the happenings and the bytes so far."""
        return len(self._happenings), self._relay.passed_bytes

    @property
    def is_full(self) -> bool:
        """Whether more passed than is kept."""
        return self._size > LARGEST_SESSION

    async def start(self) -> None:
        """Begin to listen."""
        await self._relay.start()

    async def stop(self) -> None:
        """Stop listening and end all connections; nothing is kept from then on."""
        await self._relay_stopped()
        self._bound.close()

    async def _relay_stopped(self) -> None:
        sockets, self._is_open = list(self._happenings), False
        await self._relay.stop()
        # A response that had not ended, such as a stream of events, is reported only now.
        self._happenings = sockets + [each for each in self._happenings[len(sockets) :] if isinstance(each, Requested)]

    @property
    def _now_s(self) -> float:
        return time.monotonic() - self._origin

    def _keep(self, happening: Happening, size: int = 0) -> None:
        self._size += size
        if not self.is_full:
            self._happenings.append(happening)

    # --- WebSockets

    def opened(self, number: int, head: Head) -> None:
        """Keep that the worker accepted a WebSocket, as of the request: others may hear of it before the client."""
        self._keep(Opened(self._begun_s(head), number, head.target, head.headers))

    def refused(self, number: int, head: Head, status: int) -> None:
        """Keep that the worker refused a WebSocket."""
        self._keep(Opened(self._begun_s(head), number, head.target, head.headers, refused=status))

    def passed(self, number: int, side: Side, payload: Payload) -> None:
        """Keep a message."""
        kind = Sent if side == "client" else Received
        self._keep(kind(self._now_s, number, payload), len(payload))

    def closed(self, number: int, ending: Ending) -> None:
        """Keep the end of a WebSocket."""
        if not self._is_open:
            return
        if ending.by == "client":
            by_frame = ending.asked is not None
            code, reason = ending.asked or (BROKEN, "")
            self._keep(Ended(self._now_s, number, "client" if by_frame else "dropped", code, reason))
        else:
            self._keep(Ended(self._now_s, number, "server", ending.code, ending.reason))

    # --- requests

    def _forwarded(self, head: Head) -> Head:
        """Return the head with the worker's token if it has none, and without a wish for compression."""
        self._begun[id(head)] = self._now_s
        names = {name.lower() for name, _ in head.headers}
        missing = tuple((name, value) for name, value in self._token.items() if name.lower() not in names)
        kept = tuple(pair for pair in head.headers if pair[0].lower() != "accept-encoding")
        return replace(head, headers=(*kept, *missing))

    def _begun_s(self, head: Head) -> float:
        return self._begun.pop(id(head), self._now_s)

    def _answered(self, head: Head, request: bytes, response: bytes) -> None:
        begun = self._begun_s(head)
        answer = _parsed(response)
        if answer is None:
            return
        status, content_type, content = answer
        body = _body(head, request)
        requested = Requested(begun, head.method, head.target, head.headers, body, status, content_type, content)
        self._keep(requested, len(request) + len(response))


class _Bytes:
    """Bytes as the socket that `HTTPResponse` reads from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._data)


def _parsed(data: bytes) -> tuple[int, str, bytes] | None:
    """Return the status, content type and content of a response, as far as it came; None if its head did not."""
    response = HTTPResponse(cast("socket.socket", _Bytes(data)))
    try:
        response.begin()
    except (HTTPException, OSError, ValueError):
        return None
    try:
        content = response.read()
    except HTTPException as error:
        content = getattr(error, "partial", b"")
    return response.status, response.headers.get("Content-Type", ""), content


def _body(head: Head, data: bytes) -> bytes:
    """Return the content of a request, which has the same forms as that of a response."""
    framing = [f"{name}: {head.get(name)}" for name in ("content-length", "transfer-encoding") if head.get(name)]
    if not framing:
        return b""
    found = _parsed("\r\n".join(["HTTP/1.1 200 OK", *framing, "", ""]).encode("latin-1") + data)
    return b"" if found is None else found[2]
