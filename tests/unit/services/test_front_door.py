"""The front door forwards to a worker and keeps what passed, in order."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from aiohttp import web
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from poc_cli.errors import UsageError
from poc_cli.recorder.session import Ended, Happening, Opened, Received, Requested, Sent
from poc_cli.services.front_door import FrontDoor
from poc_cli.targets.endpoint import Endpoint


async def _room(request: web.Request) -> web.StreamResponse:
    if request.path == "/no":
        return web.Response(status=403, text="no")
    if request.headers.get("Upgrade") is None:
        body = await request.text()
        return web.json_response({"got": body, "token": request.headers.get("Authorization")}, status=201)
    socket = web.WebSocketResponse(protocols=["chat"])
    await socket.prepare(request)
    async for message in socket:
        if message.data == "leave":
            await socket.close(code=4000, message=b"kicked")
        elif isinstance(message.data, bytes):
            await socket.send_bytes(message.data * 2)
        else:
            await socket.send_str(f"re {message.data}")
    return socket


@pytest.fixture
async def worker() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", _room)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def until(door: FrontDoor, number: int) -> tuple[Happening, ...]:
    async with asyncio.timeout(30):
        while len(door.happenings) < number:  # noqa: ASYNC110 - a test waits for a condition
            await asyncio.sleep(0.01)
    return door.happenings


async def test_it_keeps_messages_closes_and_refusals(worker: str) -> None:
    door = FrontDoor(Endpoint(worker), {})
    await door.start()
    url = door.address.replace("http", "ws")
    async with connect(url + "/a?x=1", proxy=None, subprotocols=["chat"]) as socket:  # type: ignore[list-item]
        await socket.send("hi")
        assert await socket.recv() == "re hi"
        await socket.send(b"\x01")
        assert await socket.recv() == b"\x01\x01"
        await socket.close(4001, "bye")
    async with connect(url + "/b", proxy=None) as socket:
        await socket.send("leave")
        await socket.wait_closed()
    with pytest.raises(InvalidStatus):
        await connect(url + "/no", proxy=None)
    found = await until(door, 10)
    await door.stop()
    kinds = [type(each) for each in found]
    assert kinds == [Opened, Sent, Received, Sent, Received, Ended, Opened, Sent, Ended, Opened]
    opened, ended, kicked, refused = found[0], found[5], found[8], found[9]
    assert isinstance(opened, Opened)
    assert opened.address == "/a?x=1"
    assert ("Sec-WebSocket-Protocol", "chat") in opened.headers
    assert isinstance(ended, Ended)
    assert (ended.by, ended.code, ended.reason) == ("client", 4001, "bye")
    assert isinstance(kicked, Ended)
    assert (kicked.by, kicked.code, kicked.reason) == ("server", 4000, "kicked")
    assert isinstance(refused, Opened)
    assert refused.refused == 403


async def test_it_keeps_requests_and_adds_a_missing_token(worker: str) -> None:
    door = FrontDoor(Endpoint(worker), {"Authorization": "Bearer own"})
    await door.start()
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(door.address + "/x", content="body")
        assert answer.json()["token"] == "Bearer own"  # noqa: S105
    (found,) = await until(door, 1)
    await door.stop()
    assert isinstance(found, Requested)
    assert (found.method, found.address, found.body, found.status) == ("POST", "/x", b"body", 201)
    assert found.content_type.startswith("application/json")
    assert b'"got": "body"' in found.answer
    assert "authorization" not in {name.lower() for name, _ in found.headers}


async def test_a_port_in_use_is_said(worker: str) -> None:
    taken = int(worker.rpartition(":")[2])
    with pytest.raises(UsageError, match=f"cannot listen on port {taken}"):
        FrontDoor(Endpoint(worker), {}, taken)
