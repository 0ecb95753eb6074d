"""The edge passes bytes as they are, and an end of either side to the other in the same way."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.standin.edge import Edge, Head, Place, reset
from tests.standin.serving import Held, Traffic

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
UPGRADE = b"GET /room HTTP/1.1\r\nHost: a.standin.workers.dev\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


@asynccontextmanager
async def _edge(worker: Callable[..., Awaitable[None]]) -> AsyncIterator[tuple[int, Traffic]]:
    """Yield the port of an edge before something that stands for a Worker, and what it sees of the traffic."""
    behind = await asyncio.start_server(worker, "127.0.0.1", 0)
    place = Place(int(behind.sockets[0].getsockname()[1]), Held())

    async def find(host: str, path: str) -> Place | None:
        return place if host == "a.standin.workers.dev" and path in {"/", "/room"} else None

    edge = Edge(find)
    try:
        yield await edge.start(0), place.held.traffic
    finally:
        await edge.close()
        behind.close()


@asynccontextmanager
async def _upgraded() -> AsyncIterator[tuple[Streams, Streams, Traffic]]:
    """Yield both ends of a WebSocket through the edge: the client's and the Worker's."""
    arrived: asyncio.Future[Streams] = asyncio.get_running_loop().create_future()

    async def worker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(SWITCHED)
        arrived.set_result((reader, writer))

    async with _edge(worker) as (port, traffic):
        client = await asyncio.open_connection("127.0.0.1", port)
        client[1].write(UPGRADE)
        assert b"CF-RAY: " in await client[0].readuntil(b"\r\n\r\n")
        behind = await arrived
        try:
            yield client, behind, traffic
        finally:
            client[1].close()
            behind[1].close()


async def test_bytes_pass_as_they_are() -> None:
    sent = os.urandom(300_000)
    async with _upgraded() as (client, behind, traffic):
        for (_, writer), (reader, _) in ((client, behind), (behind, client)):
            writer.write(sent)
            assert await reader.readexactly(len(sent)) == sent
        assert traffic.sockets == 1


async def test_an_end_by_the_worker_ends_the_client() -> None:
    async with _upgraded() as (client, behind, traffic):
        behind[1].write(b"last words")
        behind[1].close()
        assert await client[0].read() == b"last words"
        while traffic.sockets:  # noqa: ASYNC110 - only this test waits for it
            await asyncio.sleep(0.01)


async def test_an_end_by_the_client_ends_the_worker() -> None:
    async with _upgraded() as (client, behind, _):
        client[1].write(b"last words")
        client[1].close()
        assert await behind[0].read() == b"last words"


async def test_a_reset_stays_a_reset() -> None:
    async with _upgraded() as (client, behind, _):
        reset(behind[1])
        with pytest.raises(ConnectionResetError):
            await client[0].read()
    async with _upgraded() as (client, behind, _):
        reset(client[1])
        with pytest.raises(ConnectionResetError):
            await behind[0].read()


async def test_heads_say_where_they_come_from() -> None:
    heads: list[Head] = []

    async def worker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(Head.of(await reader.readuntil(b"\r\n\r\n")))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi")
        writer.close()

    async with _edge(worker) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        # a client cannot say where it comes from
        writer.write(b"GET / HTTP/1.1\r\nHost: A.standin.workers.dev:443\r\nCF-Connecting-IP: 1.2.3.4\r\n\r\n")
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    assert body == b"hi"
    answer = Head.of(head + b"\r\n\r\n")
    assert (answer.get("server"), answer.get("connection")) == ("cloudflare", "close")
    assert str(answer.get("cf-ray")).endswith("-LAX")
    (asked,) = heads
    assert [value for name, value in asked.headers if name.lower() == "cf-connecting-ip"] == ["127.0.0.1"]
    assert asked.get("x-forwarded-proto") == "https"
    assert asked.get("connection") == "close"


async def test_an_unknown_host_is_told_so() -> None:
    async def worker(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with _edge(worker) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: b.standin.workers.dev\r\n\r\n")
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"There is nothing here yet" in answer
    assert b"error code: 1042" in answer


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_that_came_just_before_the_end_is_ended_too(turns: int) -> None:
    """At each turn of the loop from its arrival on: before it is accepted, before it is served, and after."""

    async def nowhere(host: str, path: str) -> Place | None:  # noqa: ARG001
        return None

    edge = Edge(nowhere)
    with socket.create_connection(("127.0.0.1", await edge.start(0))) as client:
        client.settimeout(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        await edge.close()
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.get_running_loop().sock_recv(client, 1) == b""
