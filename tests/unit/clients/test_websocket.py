"""Our own client against a server that misbehaves: how a connection ends, and what is not followed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from poc_cli.clients import inbox as inboxes
from poc_cli.clients import websocket as under_test
from poc_cli.clients.client import CannotOpen, Ending, Listener, Payload, in_seconds
from poc_cli.clients.inbox import Received
from poc_cli.clients.websocket import Handshake, SocketClient
from poc_cli.scenario.matching import Message
from poc_cli.targets.endpoint import Dial

PATIENCE = 30.0


class Peer:
    """One connection on the server's side, without any manners of its own."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take both directions."""
        self._reader = reader
        self.writer = writer
        self._protocol = ServerProtocol()
        self.frames: list[Frame] = []

    async def let_in(self) -> None:
        """Answer the handshake."""
        while not (events := self._protocol.events_received()):
            self._protocol.receive_data(await self._reader.read(1 << 16))
        (request,) = events
        assert isinstance(request, Request)
        self._protocol.send_response(self._protocol.accept(request))
        await self.write(b"".join(self._protocol.data_to_send()))

    async def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def frame(self, opcode: Opcode, data: bytes, *, fin: bool = True) -> None:
        """Send one frame."""
        await self.write(frame(opcode, data, fin=fin))

    async def received(self, opcode: Opcode) -> bytes:
        """Wait for a frame of the client and return its content."""
        while not self.frames or self.frames[-1].opcode is not opcode:
            self._protocol.receive_data(await self._reader.read(1 << 16))
            self.frames += [each for each in self._protocol.events_received() if isinstance(each, Frame)]
        return bytes(self.frames[-1].data)

    async def gone(self) -> None:
        """Wait until the client has ended TCP."""
        try:
            while await self._reader.read(1 << 16):
                pass
        except ConnectionError:
            pass


Behavior = Callable[[Peer], Awaitable[None]]


def frame(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    """Return a server's frame."""
    return Frame(opcode, data, fin).serialize(mask=False)


def close_frame(code: int, reason: str) -> bytes:
    """Return a server's close frame."""
    return frame(Opcode.CLOSE, Close(code, reason).serialize())


@asynccontextmanager
async def serving(behave: Behavior) -> AsyncIterator[str]:
    """Serve on loopback; return the address."""
    at_work: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        at_work.add(task)
        try:
            await behave(Peer(reader, writer))
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)


@dataclass
class Heard:
    """What a client told of itself, in order."""

    payloads: list[Payload] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    floods: list[str] = field(default_factory=list)
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, done: Callable[[], Any]) -> None:
        """Wait for it."""
        async with asyncio.timeout(PATIENCE):
            while not done():
                self.moved.clear()
                await self.moved.wait()

    async def ended(self) -> Ending:
        """Wait for the end, which is told once."""
        await self.until(lambda: self.endings)
        (ending,) = self.endings
        return ending


def client_of(address: str, headers: dict[str, str] | None = None) -> tuple[SocketClient, Heard]:
    """Return a client that is not connected, and what it will tell."""
    heard = Heard()

    def received(payload: Payload) -> None:
        heard.payloads.append(payload)
        message = Message(payload, None) if isinstance(payload, str) else Message(None, payload)
        client.inbox.put(Received(message, len(heard.payloads), 0))
        heard.moved.set()

    def ended(ending: Ending) -> None:
        heard.endings.append(ending)
        heard.moved.set()

    client = SocketClient(
        "ann",
        Handshake(Dial(f"ws://{address}/"), headers or {}),
        Listener(received, ended, heard.floods.append),
    )
    return client, heard


@asynccontextmanager
async def connected(behave: Behavior) -> AsyncIterator[tuple[SocketClient, Heard]]:
    """Yield a client that is connected to a server that behaves so once it has let it in."""

    async def serve(peer: Peer) -> None:
        await peer.let_in()
        await behave(peer)

    async with serving(serve) as address:
        client, heard = client_of(address)
        await client.open(PATIENCE)
        yield client, heard
        await client.close(1000, "", in_seconds(PATIENCE))


async def for_ever() -> None:
    """Never return."""
    await asyncio.Event().wait()


async def test_a_close_by_the_server_is_told_although_tcp_stays_open() -> None:
    async def behave(peer: Peer) -> None:
        await peer.write(close_frame(4008, "stale"))
        await for_ever()

    async with connected(behave) as (client, heard):
        assert await heard.ended() == Ending(
            "server", 4008, "stale", clean=True,
            description="received 4008 (private use) stale; then sent 4008 (private use) stale",
        )  # fmt: skip
        assert not client.is_open
        assert await client.await_end(0)


async def test_the_close_frame_is_answered_and_tcp_is_ended_after_a_while_by_the_client() -> None:
    answers: list[bytes] = []
    gone = asyncio.Event()

    async def behave(peer: Peer) -> None:
        await peer.write(close_frame(4008, "stale"))
        answers.append(await peer.received(Opcode.CLOSE))
        await peer.gone()
        gone.set()

    async with connected(behave) as (_, heard):
        await heard.ended()
        await asyncio.wait_for(gone.wait(), PATIENCE)
        assert answers == [Close(4008, "stale").serialize()]
    assert len(heard.endings) == 1


async def test_what_came_before_the_close_frame_is_told_before_it() -> None:
    async def behave(peer: Peer) -> None:
        messages = b"".join(frame(Opcode.TEXT, str(number).encode()) for number in range(1000))
        await peer.write(messages + close_frame(1000, ""))
        await for_ever()

    async with connected(behave) as (_, heard):
        await heard.ended()
        assert heard.payloads == [str(number) for number in range(1000)]


async def test_a_close_in_the_middle_of_a_message_is_told() -> None:
    async def behave(peer: Peer) -> None:
        await peer.frame(Opcode.TEXT, b"half a mess", fin=False)
        await peer.write(close_frame(1001, "going"))
        await for_ever()

    async with connected(behave) as (_, heard):
        ending = await heard.ended()
        assert (ending.by, ending.code, ending.reason) == ("server", 1001, "going")
        assert heard.payloads == []


async def test_a_close_of_the_client_is_over_with_the_answer_although_tcp_stays_open() -> None:
    async def behave(peer: Peer) -> None:
        await peer.received(Opcode.CLOSE)
        await peer.write(close_frame(4001, "bye"))
        await for_ever()

    async with connected(behave) as (client, heard):
        await asyncio.wait_for(client.close(4001, "bye", in_seconds(3600)), PATIENCE)
        ending = await heard.ended()
        assert (ending.by, ending.code, ending.reason, ending.clean) == ("client", 4001, "bye", True)


async def test_a_close_of_the_client_that_nobody_answers_is_cut() -> None:
    async def behave(peer: Peer) -> None:
        await peer.received(Opcode.CLOSE)
        await peer.gone()

    async with connected(behave) as (client, heard):
        await asyncio.wait_for(client.close(4001, "bye", in_seconds(0.05)), PATIENCE)
        ending = await heard.ended()
        assert (ending.by, ending.code, ending.clean) == ("client", 1006, False)
        assert ending.description == "sent 4001 (private use) bye; no close frame received"


async def test_a_close_is_cut_where_the_server_does_not_even_read() -> None:
    async with connected(lambda _: for_ever()) as (client, heard):
        sending = asyncio.create_task(client.send("x" * (32 << 20)))
        await asyncio.sleep(0)
        await asyncio.wait_for(client.close(1000, "", in_seconds(0.05)), PATIENCE)
        assert (await heard.ended()).code == 1006
        await asyncio.gather(sending, return_exceptions=True)


async def test_an_end_without_a_close_frame_is_nobodys() -> None:
    async def behave(peer: Peer) -> None:
        peer.writer.close()

    async with connected(behave) as (_, heard):
        ending = await heard.ended()
        assert (ending.by, ending.code, ending.clean) == ("nobody", 1006, False)


async def test_what_cannot_be_read_ends_the_connection_by_nobody_although_tcp_stays_open() -> None:
    async def behave(peer: Peer) -> None:
        await peer.write(b"\x83\x00")  # an opcode that RFC 6455 keeps for later
        await for_ever()

    async with connected(behave) as (_, heard):
        ending = await heard.ended()
        assert (ending.by, ending.code) == ("nobody", 1006)
        assert "invalid opcode" in ending.description


async def test_one_message_that_is_too_long_is_a_flood() -> None:
    async def behave(peer: Peer) -> None:
        await peer.write(b"\x82\x7f" + (1 << 30).to_bytes(8))  # the head of a frame of 1 GiB
        await for_ever()

    async with connected(behave) as (_, heard):
        ending = await heard.ended()
        assert "1009" in ending.description
        assert heard.floods == ["a message of more than 64 MiB"]


@pytest.mark.parametrize(("limit", "allowed"), [("MOST_MESSAGES", 100), ("MOST_BYTES", 100_000)])
async def test_a_flood_is_told_once_and_read_no_further(
    monkeypatch: pytest.MonkeyPatch, limit: str, allowed: int
) -> None:
    monkeypatch.setattr(inboxes, limit, allowed)
    gone = asyncio.Event()

    async def behave(peer: Peer) -> None:
        try:
            while True:
                await peer.frame(Opcode.TEXT, b"x" * 1000)
        except ConnectionError:
            gone.set()

    async with connected(behave) as (client, heard):
        await heard.ended()
        await asyncio.wait_for(gone.wait(), PATIENCE)
        assert len(heard.floods) == 1
        assert len(heard.payloads) == 101
        assert not client.is_open


async def test_reading_many_messages_lets_others_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "LONGEST_TURN_SECONDS", 0.0)
    written = asyncio.Event()

    async def behave(peer: Peer) -> None:
        await peer.write(frame(Opcode.TEXT, b"") * 10_000)
        written.set()
        await for_ever()

    async with connected(behave) as (_, heard):
        seen: set[int] = set()
        while len(heard.payloads) < 10_000:
            seen.add(len(heard.payloads))
            await asyncio.sleep(0)
        assert len(seen) > 1000


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_refusal_and_nothing_reaches_the_other_place(status: int) -> None:
    reached: list[Peer] = []

    async def elsewhere(peer: Peer) -> None:
        reached.append(peer)
        await peer.let_in()
        await for_ever()

    async with serving(elsewhere) as other:

        async def redirect(peer: Peer) -> None:
            await peer.write(f"HTTP/1.1 {status} X\r\nLocation: ws://{other}/\r\nContent-Length: 0\r\n\r\n".encode())
            await peer.gone()

        async with serving(redirect) as address:
            client, _ = client_of(address, {"X-Api-Key": "secret"})
            with pytest.raises(CannotOpen) as refused:
                await client.open(PATIENCE)
    assert refused.value.status == status
    assert str(refused.value) == f"the server answered {status}, which poc does not follow (location: ws://{other}/)"
    assert reached == []


async def test_a_refusal_tells_the_status_and_what_the_server_said() -> None:
    async def refuse(peer: Peer) -> None:
        await peer.write(b"HTTP/1.1 403 X\r\nContent-Length: 8\r\n\r\nno entry")
        await peer.gone()

    async with serving(refuse) as address:
        client, _ = client_of(address)
        with pytest.raises(CannotOpen, match="the server answered 403 no entry"):
            await client.open(PATIENCE)


async def test_who_waits_for_the_end_of_a_connection_that_never_opened_lets_others_work() -> None:
    client, _ = client_of("127.0.0.1:1")
    others = asyncio.create_task(asyncio.sleep(0))
    assert not await client.await_end(0.01)
    assert others.done()
