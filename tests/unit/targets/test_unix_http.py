"""The client of a unix socket: what it keeps, what it sends again, and what it reports as no answer."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from poc_cli.targets.unix_http import NoAnswer, UnixClient

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
OK_AND_CLOSED = (OK, b"")
CLOSED = (b"",)


class Server:
    """Writes for each request the next of the given answers, in pieces; b"" closes the connection."""

    def __init__(self, *answers: tuple[bytes, ...], hold: int = 1) -> None:
        """Take the answers, OK after the last, and how many requests must have come before any is answered."""
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0
        self.first, self.second, self.closed = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._hold = hold
        self._enough = asyncio.Event()
        self._serving: list[asyncio.Task[None]] = []

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[UnixClient]:
        """Serve while the context lasts, and give a client."""
        with tempfile.TemporaryDirectory(prefix="poc-") as folder:
            path = Path(folder) / "s.sock"
            server = await asyncio.start_unix_server(self._connected, str(path))
            client = UnixClient(path)
            try:
                yield client
            finally:
                self._enough.set()
                await client.close()
                await asyncio.gather(*self._serving)
                server.close()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.append(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.requests.append(await reader.readexactly(2))
                (self.second if self.first.is_set() else self.first).set()
                if len(self.requests) >= self._hold:
                    self._enough.set()
                await self._enough.wait()
                pieces = self.answers.pop(0) if self.answers else (OK,)
                writer.writelines(pieces)
                if b"" in pieces:
                    break
        writer.close()
        self.closed.set()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def played(server: Callable[[], Server], story: Callable[[UnixClient, Server], Awaitable[None]]) -> None:
    async def play() -> None:
        serving = server()
        async with asyncio.timeout(20), serving.serving() as client:
            await story(client, serving)

    asyncio.run(play())


def test_a_connection_is_kept() -> None:
    async def story(client: UnixClient, server: Server) -> None:
        for _ in range(3):
            assert (await client.post(b"{}")).body == b"{}"
        assert (server.connections, len(server.requests)) == (1, 3)

    played(Server, story)


def test_requests_that_overlap_are_answered_at_the_same_time() -> None:
    async def story(client: UnixClient, server: Server) -> None:
        answers = await asyncio.gather(*(client.post(b"{}") for _ in range(5)))
        assert [each.status_code for each in answers] == [200] * 5
        assert server.connections == 5
        await asyncio.gather(*(client.post(b"{}") for _ in range(5)))
        assert server.connections == 5

    played(lambda: Server(hold=5), story)


def test_a_chunked_answer_is_read_to_its_end() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"

    async def story(client: UnixClient, server: Server) -> None:
        assert (await client.post(b"{}")).body == b"{}"
        await client.post(b"{}")
        assert server.connections == 1

    played(lambda: Server((chunked,)), story)


def test_a_request_that_meets_the_end_of_a_kept_connection_is_sent_once_more() -> None:
    async def story(client: UnixClient, server: Server) -> None:
        await client.post(b"{}")
        assert (await client.post(b"{}")).status_code == 200
        assert (server.connections, len(server.requests)) == (2, 3)

    played(lambda: Server((OK,), CLOSED), story)


def test_a_kept_connection_that_was_closed_meanwhile_is_not_used() -> None:
    async def story(client: UnixClient, server: Server) -> None:
        assert (await client.post(b"{}")).status_code == 200
        await server.closed.wait()
        assert (await client.post(b"{}")).status_code == 200
        assert (server.connections, len(server.requests)) == (2, 2)

    played(lambda: Server(OK_AND_CLOSED), story)


def test_it_is_sent_again_once_only() -> None:
    async def story(client: UnixClient, server: Server) -> None:
        await client.post(b"{}")
        with pytest.raises(NoAnswer, match="EOFError"):
            await client.post(b"{}")
        assert len(server.requests) == 3

    played(lambda: Server((OK,), CLOSED, CLOSED), story)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 2",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 999 What\r\n\r\n",
    ],
)
def test_what_is_no_whole_answer_is_none_and_is_never_asked_for_again(answer: bytes) -> None:
    async def story(client: UnixClient, server: Server) -> None:
        await client.post(b"{}")
        with pytest.raises(NoAnswer):
            await client.post(b"{}")
        assert len(server.requests) == 2
        assert (await client.post(b"{}")).status_code == 200

    played(lambda: Server((OK,), (answer, b"")), story)


def test_the_answer_to_a_cancelled_request_is_never_taken_for_another_s() -> None:
    async def story(client: UnixClient, server: Server) -> None:
        await client.post(b"{}")
        first = asyncio.create_task(client.post(b"{}"))
        await server.second.wait()
        first.cancel()
        await asyncio.wait([first])
        assert first.cancelled()
        assert (await client.post(b"{}")).body == b"{}"
        assert server.connections == 2

    played(lambda: Server((OK,), (), (OK,)), story)


def test_bytes_that_nobody_asked_for_are_never_taken_for_an_answer() -> None:
    unasked = OK.replace(b"{}", b"[]")

    async def story(client: UnixClient, server: Server) -> None:
        for _ in range(2):
            assert (await client.post(b"{}")).body == b"{}"
        assert server.connections == 2

    played(lambda: Server((OK, unasked)), story)


def test_closing_ends_what_still_waits() -> None:
    async def story(client: UnixClient, server: Server) -> None:
        waiting = asyncio.create_task(client.post(b"{}"))
        await server.first.wait()
        await client.close()
        with pytest.raises(NoAnswer):
            await waiting

    played(lambda: Server(hold=2), story)


async def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(NoAnswer, match="FileNotFoundError"):
        await UnixClient(tmp_path / "none.sock").post(b"{}")
