"""Serve a small HTTP API on loopback that the worker under test may call with a key from its environment."""

import asyncio
import contextlib
import json
import secrets
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from poc_cli.targets.api_address import Address

LONGEST_WAIT_MS: Final = 60_000
"""The maximum delay of `/slow/<ms>`: longer than any step waits."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API: the path after the play's name, whether the key was correct, and the response status."""

    method: str
    path: str
    authorized: bool
    status: int | None


class Api:
    """The API. Paths after the play: `hello`, `status/<n>`, `slow/<ms>`, `hang`, `drop`, `gate`, `open`.

    `gate` is answered once `open` has been called in the same play, so that a scenario need not rely on delays.
    """

    def __init__(self, address: Address) -> None:
        """Take the address; `served` starts the server."""
        self._address = address
        self._calls: Counter[str] = Counter()
        self._listeners: dict[str, Callable[[Call], None]] = {}
        self._gates: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._ending = asyncio.Event()

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator["Api"]:
        """Serve while the context is open."""
        async with serve(
            _no_websocket, sock=self._address.listening, process_request=self._answer, open_timeout=None, logger=None
        ):
            try:
                yield self
            finally:
                self._ending.set()
                for gate in self._gates.values():
                    gate.set()

    def listen(self, play: str, listener: Callable[[Call], None]) -> None:
        """Call `listener` with each API call of a play."""
        self._listeners[play] = listener

    def unlisten(self, play: str) -> None:
        """Remove the play's listener and gate."""
        self._listeners.pop(play, None)
        self._gates.pop(play, None)

    async def _answer(self, connection: ServerConnection, request: Request) -> Response:
        play, _, rest = request.path.removeprefix("/").partition("?")[0].partition("/")
        authorized = secrets.compare_digest(
            request.headers.get("Authorization", "").encode(), f"Bearer {self._address.key}".encode()
        )
        self._calls[play] += 1
        what, _, number = rest.partition("/")
        status = self._status(what, number, authorized=authorized)
        listener = self._listeners.get(play)
        if listener is not None:
            listener(Call("GET", f"/{rest}", authorized, status))
        if what == "slow" and authorized:
            await self._wait(self._ending, min(_integer(number), LONGEST_WAIT_MS) / 1000)
        if what == "open" and authorized:
            self._gates[play].set()
        if what == "gate" and authorized and not await self._wait(self._gates[play], LONGEST_WAIT_MS / 1000):
            status = None
        if status is None:
            if what == "hang":
                await self._ending.wait()
            connection.transport.abort()
        body: dict[str, object] = {"ok": status == HTTPStatus.OK, "authorized": authorized, "calls": self._calls[play]}
        return _response(HTTPStatus.OK if status is None else status, body)

    @staticmethod
    async def _wait(event: asyncio.Event, seconds: float) -> bool:
        """Return whether the event was set in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await event.wait()
        return False

    @staticmethod
    def _status(what: str, number: str, *, authorized: bool) -> int | None:
        """Return the response status of a path, or None for no response.

        Calls without the key are answered at once, because each waiting call holds a socket.
        """
        if not authorized:
            return HTTPStatus.UNAUTHORIZED
        if what in {"hang", "drop"}:
            return None
        if what == "status":
            return _integer(number)
        return HTTPStatus.OK if what in {"hello", "slow", "gate", "open"} else HTTPStatus.NOT_FOUND


def _integer(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < len(str(LONGEST_WAIT_MS)) + 1 else 0


def _response(status: int, body: dict[str, object]) -> Response:
    content = json.dumps(body).encode()
    try:
        reason = HTTPStatus(status).phrase
    except ValueError:
        status, reason = HTTPStatus.NOT_FOUND, HTTPStatus.NOT_FOUND.phrase
    headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(content)), "Connection": "close"})
    return Response(status, reason, headers, content)


async def _no_websocket(connection: ServerConnection) -> None:
    """Close the connection; every request is answered before it becomes a WebSocket."""
    await connection.close()
