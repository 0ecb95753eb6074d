"""The proxy in front of an app server: it forwards and reports requests, and can drop or delay them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit
from weakref import WeakKeyDictionary

import httpx
from aiohttp import web

from poc_cli.clients.peer_user import is_of_another_user
from poc_cli.services.gateway import named_play
from poc_cli.targets.api_address import bound_socket
from poc_cli.targets.endpoint import no_tls

LOOKED_INTO: Final = 1 << 16
"""Bytes of a body that is searched for the name of a play; longer bodies are streamed."""

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
"""Headers for one connection only (RFC 9110 7.6.1)."""

_CONNECTS_WITHIN: Final = 5.0
"""Seconds to reach the app; its response may take as long as it likes."""

_CONNECTIONS: Final = httpx.Limits(max_connections=None, max_keepalive_connections=0)
"""None is used again: a server may close an idle connection just as the next request is sent on it."""

_LEAVES_WITHIN: Final = 0.001
"""Seconds that aiohttp waits for pending requests at shutdown; 0 would mean forever."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request and its outcome; `status` is None if there was no response, `ms` the time to the response's head."""

    method: str
    path: str
    query: tuple[str, ...]
    status: int | None
    ms: float
    agent: str


@dataclass(slots=True)
class PlayRules:
    """How requests of one play are handled, and the callback for each."""

    listener: Callable[[Request], None]
    down: bool = False
    delay: float = 0.0


class Proxy:
    """Listens on one port in front of one app."""

    def __init__(self) -> None:
        """Bind a port; does not listen yet."""
        self._bound = bound_socket()
        self._rules: dict[str, PlayRules] = {}
        self._runner: web.AppRunner | None = None
        self._transport: httpx.AsyncHTTPTransport | None = None
        self._other_users: WeakKeyDictionary[asyncio.BaseTransport, bool] = WeakKeyDictionary()
        self.app: str | None = None

    @property
    def url(self) -> str:
        """Return the URL without a trailing slash."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def foreign_url(self) -> str:
        """Return the same server under a host name that is another origin for a browser."""
        return f"http://localhost:{self._port}"

    @property
    def _port(self) -> int:
        port: int = self._bound.getsockname()[1]
        return port

    def listen(self, play: str, listener: Callable[[Request], None]) -> PlayRules:
        """Report each request of a play to `listener`; return the play's rules, which may be changed."""
        self._rules[play] = PlayRules(listener)
        return self._rules[play]

    def unlisten(self, play: str) -> None:
        """Stop reporting requests of a play."""
        self._rules.pop(play, None)

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """Serve while the context lasts."""
        server = web.Application(client_max_size=LOOKED_INTO)
        server.router.add_route("*", "/{path:.*}", self._pass_on)
        # Do not wait for open connections; the app behind them ends with the run.
        self._runner = web.AppRunner(server, access_log=None, shutdown_timeout=_LEAVES_WITHIN, auto_decompress=False)
        await self._runner.setup()
        async with httpx.AsyncHTTPTransport(verify=no_tls(), trust_env=False, limits=_CONNECTIONS) as self._transport:
            await web.SockSite(self._runner, self._bound).start()
            try:
                yield
            finally:
                await self._runner.cleanup()
                self._bound.close()

    def _rules_for(self, request: web.Request, body: bytes | None) -> PlayRules | None:
        headers = "\n".join(request.headers.values())
        text = f"{request.raw_path}\n{headers}\n{(body or b'').decode('utf-8', 'replace')}"
        play = named_play(self._rules, text)
        if play is not None:
            return self._rules[play]
        return next(iter(self._rules.values())) if len(self._rules) == 1 else None

    def _is_of_other_user(self, request: web.Request) -> bool:
        """Return whether a request is from another user's process; it would be attributed to the worker or a client."""
        connection = request.transport
        if connection is None:
            return False
        if connection not in self._other_users:
            self._other_users[connection] = is_of_another_user(connection)
        return self._other_users[connection]

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        if self._is_of_other_user(request):
            return _drop(request)
        began = time.monotonic()
        short = request.content_length is not None and request.content_length < LOOKED_INTO
        body = await request.read() if short else None
        rules = self._rules_for(request, body)

        def report(status: int | None) -> None:
            if rules is not None:
                rules.listener(_request(request, status, time.monotonic() - began))

        if rules is not None and rules.delay:
            await asyncio.sleep(rules.delay)
        if self.app is None or self._transport is None or (rules is not None and rules.down):
            report(None)
            return _drop(request)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            report(501)
            return web.Response(status=501, text="the proxy forwards no WebSockets")
        try:
            answer = await self._transport.handle_async_request(_forwarded(request, self.app, body))
        except (httpx.TransportError, OSError):
            report(None)
            return _drop(request)
        report(answer.status_code)
        async with contextlib.aclosing(answer):
            return await _streamed(request, answer)


def _forwarded(request: web.Request, app: str, body: bytes | None) -> httpx.Request:
    """Return the request for the app: a body that was not read is streamed."""
    headers = [(name, value) for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP]
    content = request.content.iter_any() if body is None and request.body_exists else body
    # The target as it came: a URL would be normalized.
    exact = {"target": request.raw_path.encode("utf-8", "surrogateescape")}
    timeout = httpx.Timeout(None, connect=_CONNECTS_WITHIN).as_dict()
    return httpx.Request(
        request.method, app, headers=headers, content=content, extensions={**exact, "timeout": timeout}
    )


async def _streamed(request: web.Request, answer: httpx.Response) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status_code, reason=answer.reason_phrase)
    for name, value in answer.headers.multi_items():
        if name.lower() not in _HOP_BY_HOP:
            response.headers.add(name, value)
    try:
        await response.prepare(request)
        async for chunk in answer.aiter_raw():
            await response.write(chunk)
        await response.write_eof()
    except ConnectionError:  # the requester has disconnected
        pass
    except httpx.TransportError:  # the app has: its response ends as it did
        return _drop(request)
    return response


def _drop(request: web.Request) -> web.StreamResponse:
    """Drop the connection without a response."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)


def _request(request: web.Request, status: int | None, seconds: float) -> Request:
    parts = urlsplit(request.raw_path)
    names = tuple(dict.fromkeys(name for name, _ in parse_qsl(parts.query, keep_blank_values=True)))
    return Request(request.method, parts.path, names, status, round(seconds * 1000, 3), _agent(request))


def _agent(request: web.Request) -> str:
    """Return the kind of requester by its User-Agent; workerd sends none."""
    agent = request.headers.get("User-Agent", "")
    known = {"Mozilla/": "browser", "node": "node", "python-httpx": "poc"}
    return next((name for start, name in known.items() if agent.startswith(start)), "worker")
