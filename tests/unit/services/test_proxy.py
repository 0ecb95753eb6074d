"""The proxy before an app server serves the processes of this user, and nobody else's."""

import asyncio
import os
from collections.abc import Sequence

import aiohttp
import pytest
from aiohttp import web

from poc_cli.clients import peer_user
from poc_cli.services.proxy import Proxy, Request
from poc_cli.targets import tcp_table


async def _asked(proxy: Proxy, times: int) -> Sequence[int | None]:
    """Ask an app through its proxy so many times, on one connection; return the statuses, None where it was cut."""
    app = web.Application()
    app.router.add_get("/", _ok)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found: list[int | None] = []
    proxy.app = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with proxy.served(), aiohttp.ClientSession() as session:
        for _ in range(times):
            try:
                async with session.get(proxy.url) as answer:
                    found.append(answer.status)
            except aiohttp.ClientError:
                found.append(None)
    await runner.cleanup()
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

    known = tcp_table.is_told()
    assert asyncio.run(story()) == [None if known else 200]
    assert len(told) == (0 if known else 1)
