"""The proxy before an app server serves the processes of this user, and nobody else's."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import httpx
import pytest
from aiohttp import web

from poc_cli.clients import peer_user
from poc_cli.services.proxy import Proxy, Request
from poc_cli.targets import tcp_table


@contextlib.asynccontextmanager
async def _before(proxy: Proxy, app: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[None]:
    """Serve an app behind its proxy."""
    server = web.Application()
    server.router.add_route("*", "/{path:.*}", app)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    proxy.app = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with proxy.served():
        yield
    await runner.cleanup()


async def _asked(proxy: Proxy, times: int) -> Sequence[int | None]:
    """Ask an app through its proxy so many times, on one connection; return the statuses, None where it was cut."""
    found: list[int | None] = []
    async with _before(proxy, _ok), httpx.AsyncClient(trust_env=False) as client:
        for _ in range(times):
            try:
                found.append((await client.get(proxy.url)).status_code)
            except httpx.TransportError:
                found.append(None)
    return found


async def _ok(_: web.Request) -> web.Response:
    return web.Response(text="ok")


def test_it_passes_on_what_comes_from_our_own_processes_and_looks_at_each_connection_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[object] = []

    def look(connection: asyncio.BaseTransport) -> bool:
        looked.append(connection)
        return peer_user.is_of_another_user(connection)

    monkeypatch.setattr("poc_cli.services.proxy.is_of_another_user", look)
    told: list[Request] = []

    async def story() -> Sequence[int | None]:
        proxy = Proxy()
        proxy.listen("play", told.append)
        return await _asked(proxy, 3)

    assert asyncio.run(story()) == [200] * 3
    assert (len(looked), len(told)) == (1, 3)


def test_another_user_is_cut_off_and_nobody_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    user = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    told: list[Request] = []

    async def story() -> Sequence[int | None]:
        proxy = Proxy()
        proxy.listen("play", told.append)
        return await _asked(proxy, 1)

    known = tcp_table.is_available()
    assert asyncio.run(story()) == [None if known else 200]
    assert len(told) == (0 if known else 1)


def test_requests_and_responses_pass_unchanged_and_in_pieces() -> None:
    seen: list[tuple[str, str, list[str], bytes]] = []
    told: list[Request] = []

    async def echo(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        seen.append((request.method, request.raw_path, request.headers.getall("X-Two", []), body))
        response = web.StreamResponse(status=203, headers={"Content-Encoding": "own"})
        response.headers.extend([("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        await response.prepare(request)
        for _ in range(3):
            await response.write(b"piece")
        return response

    async def pieces() -> AsyncIterator[bytes]:
        yield b"x" * 70_000
        yield b"y"

    async def story() -> list[httpx.Response]:
        proxy = Proxy()
        proxy.listen("play", told.append)
        async with _before(proxy, echo), httpx.AsyncClient(trust_env=False) as client:
            odd = {"target": b"/a/../b%2Fc?q=1&q=2"}
            two = [("X-Two", "1"), ("X-Two", "2")]
            return [
                await client.post(proxy.url, headers=two, content=b"short", extensions=odd),
                await client.post(proxy.url, headers=two, content=pieces(), extensions=odd),
            ]

    for answer in asyncio.run(story()):
        assert (answer.status_code, answer.content, answer.headers["content-encoding"]) == (203, b"piece" * 3, "own")
        assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]
    path = "/a/../b%2Fc?q=1&q=2"
    bodies = [b"short", b"x" * 70_000 + b"y"]
    assert seen == [("POST", path, ["1", "2"], body) for body in bodies]
    assert [(each.path, each.query, each.status, each.agent) for each in told] == [
        ("/a/../b%2Fc", ("q",), 203, "poc")
    ] * 2


def test_a_response_that_breaks_off_breaks_off_behind_the_proxy() -> None:
    async def broken(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.abort()
        return response

    async def story() -> None:
        proxy = Proxy()
        async with _before(proxy, broken), httpx.AsyncClient(trust_env=False) as client:
            with pytest.raises(httpx.TransportError):
                await client.get(proxy.url)

    asyncio.run(story())
