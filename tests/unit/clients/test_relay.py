"""The relay between a client of somebody's and a server: it sees what passes, changes nothing, and can cut it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request, Response

from poc_cli.clients.client import Ending, Payload
from poc_cli.clients.relay import Head, Relay, parsed
from poc_cli.services.gateway import Gateway
from poc_cli.targets.endpoint import Endpoint


class Notes:
    """A watcher that writes everything down."""

    def __init__(self) -> None:
        """Begin with none."""
        self.told: list[object] = []
        self.over = asyncio.Event()

    def opened(self, number: int, head: Head) -> None:
        """Hear of one that is open."""
        self.told.append(("opened", number, head.target))

    def refused(self, number: int, head: Head, status: int) -> None:
        """Hear of one that was turned away."""
        self.told.append(("refused", number, head.target, status))

    def passed(self, number: int, side: str, payload: Payload) -> None:
        """Hear of a message."""
        self.told.append((side, number, payload))

    def closed(self, number: int, ending: Ending) -> None:
        """Hear of an end."""
        self.told.append(("closed", number, ending.by, ending.code))
        self.over.set()


async def _echo(connection: ServerConnection) -> None:
    async for message in connection:
        if message == "close":
            await connection.close(4001, "asked")
        await connection.send(message)


def _answer(connection: ServerConnection, request: Request) -> Response | None:
    if request.path == "/plain":
        headers = Headers({"Content-Length": "5", "X-Host": request.headers["Host"]})
        return Response(200, "OK", headers, b"plain")
    return connection.respond(403, "no\n") if request.path == "/no" else None


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serve(_echo, "127.0.0.1", 0, process_request=_answer, compression="deflate") as served:
        yield served


def _endpoint(server: Server) -> Endpoint:
    return Endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")


@pytest.fixture
async def relayed(server: Server) -> AsyncIterator[tuple[str, Notes, Relay]]:
    notes, endpoint = Notes(), _endpoint(server)
    relay = Relay(lambda _: endpoint, notes)
    port = await relay.start()
    yield f"127.0.0.1:{port}", notes, relay
    await relay.stop()


Relayed = tuple[str, Notes, Relay]


async def test_everything_passes_and_is_seen(relayed: Relayed) -> None:
    place, notes, relay = relayed
    # The client offers compression, and would not be read on the way with it.
    async with connect(f"ws://{place}/room/x?y=1", compression="deflate") as client:
        assert client.protocol.extensions == []
        for message in ("hello", b"\x00\x01", "x" * 100_000):
            await client.send(message)
            assert await client.recv() == message
        assert relay.open_sockets == 1
    await notes.over.wait()
    assert notes.told[0] == ("opened", 1, "/room/x?y=1")
    assert notes.told[1:3] == [("client", 1, "hello"), ("server", 1, "hello")]
    assert notes.told[-1] == ("closed", 1, "client", 1000)


async def test_a_close_of_the_servers_is_the_servers(relayed: Relayed) -> None:
    place, notes, _ = relayed
    async with connect(f"ws://{place}/") as client:
        await client.send("close")
        with pytest.raises(ConnectionClosedError):
            await client.recv()
        assert client.close_code == 4001
    await notes.over.wait()
    assert notes.told[-1] == ("closed", 1, "server", 4001)


@pytest.mark.parametrize("how", ["fin", "rst"])
async def test_it_can_be_cut(relayed: Relayed, how: str) -> None:
    place, notes, relay = relayed
    async with connect(f"ws://{place}/") as client:
        await client.send("hello")
        await client.recv()
        await relay.drop("fin" if how == "fin" else "rst")
        with pytest.raises(ConnectionClosedError):
            await client.recv()
        assert client.close_code == 1006
    assert notes.told[-1] == ("closed", 1, "client", 1006)


async def test_one_that_is_turned_away(relayed: Relayed) -> None:
    place, notes, _ = relayed
    with pytest.raises(InvalidStatus):
        await connect(f"ws://{place}/no")
    assert notes.told == [("refused", 1, "/no", 403)]


async def test_plain_requests_pass_too(relayed: Relayed, server: Server) -> None:
    place, notes, _ = relayed
    async with httpx.AsyncClient(trust_env=False) as client:
        answers = [await client.get(f"http://{place}/plain") for _ in range(2)]
    assert [answer.text for answer in answers] == ["plain", "plain"]
    assert answers[0].headers["X-Host"] == _endpoint(server).host
    assert notes.told == []


async def test_nobody_behind_it_is_an_answer(relayed: Relayed, server: Server) -> None:
    place, notes, _ = relayed
    server.close()
    await server.wait_closed()
    with pytest.raises(InvalidStatus):
        await connect(f"ws://{place}/")
    assert notes.told == [("refused", 1, "/", 502)]


async def test_the_gateway_goes_by_the_name_of_the_play(server: Server) -> None:
    gateway = Gateway()
    await gateway.start()
    try:
        gateway.add_play("story-1", lambda: _endpoint(server))
        gateway.add_play("story-2", lambda: Endpoint("http://127.0.0.1:1"))
        async with connect(f"ws://127.0.0.1:{gateway.port}/room/story-1") as client:
            await client.send("hello")
            assert await client.recv() == "hello"
        async with httpx.AsyncClient(trust_env=False) as client:
            named = await client.get(f"{gateway.url}/plain", headers={"Referer": "http://x/story-1"})
            unnamed = await client.get(f"{gateway.url}/plain")
        assert (named.text, unnamed.status_code) == ("plain", 502)
        gateway.remove_play("story-2")
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{gateway.url}/plain")).text == "plain"
    finally:
        await gateway.stop()


@pytest.mark.parametrize("data", [b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1 more\r\n\r\n"])
def test_what_is_no_head_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="unpack"):
        parsed(data)


# --- a server that closes and leaves TCP open, as workerd does until the object is idle


class Bare:
    """A server that lets one client in, and then sends and sees bytes."""

    def __init__(self) -> None:
        """Listen to nobody yet."""
        self.writer: asyncio.StreamWriter | None = None
        self.got = b""
        self._moved = asyncio.Condition()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Let a client in, and take down what it sends."""
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        self.writer = writer
        await self._notify()
        while data := await reader.read(1 << 16):
            self.got += data
            await self._notify()

    async def _notify(self) -> None:
        async with self._moved:
            self._moved.notify_all()

    async def until(self, done: Callable[[], bool]) -> None:
        """Wait for what a client does."""
        async with asyncio.timeout(30), self._moved:
            await self._moved.wait_for(done)


@pytest.fixture
async def bare() -> AsyncIterator[tuple[Bare, Notes, asyncio.StreamReader, asyncio.StreamWriter]]:
    served, notes = Bare(), Notes()
    server = await asyncio.start_server(served.accept, "127.0.0.1", 0)
    endpoint = Endpoint(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    relay = Relay(lambda _: endpoint, notes)
    reader, writer = await asyncio.open_connection("127.0.0.1", await relay.start())
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    await served.until(lambda: served.writer is not None)
    yield served, notes, reader, writer
    await relay.stop()
    server.close()
    for each in filter(None, (writer, served.writer)):
        each.close()
        with contextlib.suppress(ConnectionError):
            await each.wait_closed()


BareRelayed = tuple[Bare, Notes, asyncio.StreamReader, asyncio.StreamWriter]


def _close(code: int, *, mask: bool) -> bytes:
    return bytes(Frame(Opcode.CLOSE, Close(code, "").serialize()).serialize(mask=mask))


async def _over(notes: Notes) -> None:
    await asyncio.wait_for(notes.over.wait(), 30)


async def test_an_end_is_told_at_the_second_close_frame(bare: BareRelayed) -> None:
    served, notes, reader, writer = bare
    assert served.writer is not None
    served.writer.write(_close(4008, mask=False))
    assert await reader.readexactly(4) == _close(4008, mask=False)
    writer.write(_close(4008, mask=True))
    await _over(notes)
    assert notes.told == [("opened", 1, "/"), ("closed", 1, "server", 4008)]
    served.writer.close()  # the end of TCP comes much later, and is no second end
    assert await reader.read() == b""
    assert notes.told[2:] == []


async def test_a_close_of_the_servers_is_told_although_the_client_does_not_answer(bare: BareRelayed) -> None:
    served, notes, _, writer = bare
    assert served.writer is not None
    served.writer.write(_close(4008, mask=False))
    await _over(notes)
    writer.write(_close(4008, mask=True) + bytes(Frame(Opcode.TEXT, b"late").serialize(mask=True)))
    await served.until(lambda: len(served.got) > 8)
    assert notes.told == [("opened", 1, "/"), ("closed", 1, "server", 4008)]


async def test_a_close_of_the_clients_waits_for_the_servers_answer(bare: BareRelayed) -> None:
    served, notes, _, writer = bare
    assert served.writer is not None
    writer.write(_close(4001, mask=True))
    await served.until(lambda: len(served.got) == 8)
    assert notes.told == [("opened", 1, "/")]
    served.writer.write(_close(4001, mask=False))
    await _over(notes)
    assert notes.told[1:] == [("closed", 1, "client", 4001)]
