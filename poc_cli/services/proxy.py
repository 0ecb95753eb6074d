"""What stands before an app server: it passes requests on, takes note of them, and can be told to cut or delay them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp import web

from poc_cli.clients.neighbors import is_of_another_user
from poc_cli.services.gateway import bound, named

LOOKED_INTO: Final = 1 << 16
"""Bytes of a body that are looked through for the name of a play; longer ones go through unread."""

_HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that are meant for one connection only (RFC 9110 7.6.1)."""

_CHUNK: Final = 1 << 16

_LEAVES_WITHIN: Final = 0.001
"""Seconds that an answer which is held back may take at the end; 0 would be for ever."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request and what became of it; `status` is None if it got no answer, `ms` counts up to the answer's head."""

    method: str
    path: str
    query: tuple[str, ...]
    status: int | None
    ms: float
    agent: str


@dataclass(slots=True)
class Way:
    """How requests of one play are treated, and who hears of them."""

    listener: Callable[[Request], None]
    down: bool = False
    delay: float = 0.0


class Proxy:
    """Listens on one port in front of one app."""

    def __init__(self) -> None:
        """Take a port; nothing listens yet."""
        self._bound = bound()
        self._ways: dict[str, Way] = {}
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._strange: WeakKeyDictionary[asyncio.BaseTransport, bool] = WeakKeyDictionary()
        self.app: str | None = None

    @property
    def url(self) -> str:
        """Return its address, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def foreign_url(self) -> str:
        """Return the same place under a name that is another origin for a browser."""
        return f"http://localhost:{self._port}"

    @property
    def _port(self) -> int:
        port: int = self._bound.getsockname()[1]
        return port

    def listen(self, play: str, listener: Callable[[Request], None]) -> Way:
        """Tell of each request of that play from now on; give how they are treated, to be changed."""
        self._ways[play] = Way(listener)
        return self._ways[play]

    def unlisten(self, play: str) -> None:
        """Stop telling."""
        self._ways.pop(play, None)

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """Answer while the context lasts."""
        server = web.Application(client_max_size=LOOKED_INTO)
        server.router.add_route("*", "/{path:.*}", self._pass_on)
        # Nobody waits for connections that are still open: what is behind them ends with the run.
        self._runner = web.AppRunner(server, access_log=None, shutdown_timeout=_LEAVES_WITHIN, auto_decompress=False)
        await self._runner.setup()
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5.0)
        async with aiohttp.ClientSession(
            auto_decompress=False, timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
        ) as self._session:
            await web.SockSite(self._runner, self._bound).start()
            try:
                yield
            finally:
                await self._runner.cleanup()
                self._bound.close()

    def _way(self, request: web.Request, body: bytes | None) -> Way | None:
        headers = "\n".join(request.headers.values())
        text = f"{request.raw_path}\n{headers}\n{(body or b'').decode('utf-8', 'replace')}"
        play = named(self._ways, text)
        if play is not None:
            return self._ways[play]
        return next(iter(self._ways.values())) if len(self._ways) == 1 else None

    def _is_of_a_stranger(self, request: web.Request) -> bool:
        """Return whether a request is another user's, which would be taken for one of the worker or of a client."""
        connection = request.transport
        if connection is None:
            return False
        if connection not in self._strange:
            self._strange[connection] = is_of_another_user(connection)
        return self._strange[connection]

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        if self._is_of_a_stranger(request):
            return _cut(request)
        began = time.monotonic()
        short = request.content_length is not None and request.content_length < LOOKED_INTO
        body = await request.read() if short else None
        way = self._way(request, body)

        def tell(status: int | None) -> None:
            if way is not None:
                way.listener(_told(request, status, time.monotonic() - began))

        if way is not None and way.delay:
            await asyncio.sleep(way.delay)
        if self.app is None or self._session is None or (way is not None and way.down):
            tell(None)
            return _cut(request)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            tell(501)
            return web.Response(status=501, text="the app is reached by plain requests only")
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP]
        try:
            answer = await self._session.request(
                request.method,
                self.app + request.raw_path,
                headers=headers,
                data=body if short else (request.content if request.body_exists else None),
                allow_redirects=False,
            )
        except (aiohttp.ClientError, OSError):
            tell(None)
            return _cut(request)
        tell(answer.status)
        async with answer:
            return await _streamed(request, answer)


async def _streamed(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, reason=answer.reason)
    for name, value in answer.headers.items():
        if name.lower() not in _HOP_BY_HOP:
            response.headers.add(name, value)
    with contextlib.suppress(ConnectionError):  # who asked may have hung up meanwhile
        await response.prepare(request)
        async for chunk in answer.content.iter_chunked(_CHUNK):
            await response.write(chunk)
        await response.write_eof()
    return response


def _cut(request: web.Request) -> web.Response:
    """End the connection as if nobody were there."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)


def _told(request: web.Request, status: int | None, seconds: float) -> Request:
    parts = urlsplit(request.raw_path)
    names = tuple(dict.fromkeys(name for name, _ in parse_qsl(parts.query, keep_blank_values=True)))
    return Request(request.method, parts.path, names, status, round(seconds * 1000, 3), _agent(request))


def _agent(request: web.Request) -> str:
    """Return who asks, as far as it says so: workerd says nothing of itself."""
    said = request.headers.get("User-Agent", "")
    known = {"Mozilla/": "browser", "node": "node", "python-httpx": "poc"}
    return next((name for start, name in known.items() if said.startswith(start)), "worker")
