"""What a broken or silent runtime is told as: only a time-out may speak of an endless loop."""

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from poc_cli.errors import TargetError
from poc_cli.targets import deadlines, sidecar
from poc_cli.targets.attendance import Attendance
from poc_cli.targets.base import Eviction, TargetDied, TargetDropped, TargetHung
from poc_cli.targets.process import ending
from poc_cli.targets.sidecar import Sidecar

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _broken(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.transport.abort()


async def _refused(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()
    writer.close()


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


@contextlib.asynccontextmanager
async def beside(folder: Path, socket: str, handler: Handler | None) -> AsyncIterator[Sidecar]:
    """Yield the client of a side-car that answers like that on a socket; None: of one that is gone."""
    connections: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert handler is not None
        await handler(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(asyncio.create_task(serve(reader, writer)))

    server = None if handler is None else await asyncio.start_unix_server(connected, str(folder / socket))
    side = Sidecar(folder, deadlines.Watch(None, Attendance()))
    try:
        yield side
    finally:
        await side.close()
        await asyncio.gather(*connections)
        if server is not None:
            server.close()


def asked(handler: Handler | None) -> TargetError:
    """Ask a runtime that answers like that, none where it is gone, and give what is told of it."""

    async def ask(folder: Path) -> None:
        async with beside(folder, "fence.sock", handler) as side:
            await side.answer()

    with tempfile.TemporaryDirectory(prefix="poc-") as folder, pytest.raises(TargetError) as caught:
        asyncio.run(ask(Path(folder)))
    return caught.value


@pytest.mark.parametrize("handler", [_broken, _reset, _refused, None])
def test_a_broken_connection_is_never_blamed_on_a_loop(handler: Handler | None) -> None:
    told = asked(handler)
    assert isinstance(told, TargetDropped)
    assert isinstance(told, TargetDied)
    assert "loop" not in str(told)
    assert "worker.log" in str(told)


def test_silence_may_be_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "HANGS_AFTER_SECONDS", 0.05)
    told = asked(_silent)
    assert isinstance(told, TargetHung)
    assert told.message == "the runtime did not answer within 0.05 s"
    assert "an endless loop" in str(told.advice)


def evicted(handler: Handler | None) -> Eviction:
    """Have a side-car that answers like that evict an object, none where it is gone."""

    async def ask(folder: Path) -> Eviction:
        async with beside(folder, "evict.sock", handler) as side:
            return await side.evict("Room", "0" * 64, close=False)

    with tempfile.TemporaryDirectory(prefix="poc-") as folder:
        return asyncio.run(ask(Path(folder)))


def _says(status: bytes, body: bytes) -> Handler:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
        writer.close()

    return handler


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b'{"ok":true}', "evicted"),
        (b'{"ok":false,"error":"Error: the object is not currently running"}', "not_running"),
        (b'{"ok":false,"error":"Error: it has work in progress"}', "busy"),
        (b"[]", "no_answer"),
        (b"", "no_answer"),
    ],
)
def test_what_came_of_an_evict(body: bytes, outcome: str) -> None:
    assert evicted(_says(b"200 OK", body)).outcome == outcome


def test_an_error_of_the_side_car_s_is_no_eviction() -> None:
    told = evicted(_says(b"500 Internal Server Error", b"oops"))
    assert told == Eviction("no_answer", "status 500 without a JSON object")


@pytest.mark.parametrize("handler", [_broken, _reset, None])
def test_an_evict_that_nobody_answered(handler: Handler | None) -> None:
    told = evicted(handler)
    assert told.outcome == "no_answer"
    assert told.message


def test_an_evict_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sidecar, "EVICT_LINGERS_SECONDS", 0.05)
    assert evicted(_silent) == Eviction("no_answer", "no answer in time")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (0, "exited with code 0"),
        (3, "exited with code 3"),
        (-signal.SIGKILL, "was ended by SIGKILL"),
        (-signal.SIGSEGV, "was ended by SIGSEGV"),
        (-99, "was ended by signal 99"),
    ],
)
def test_how_a_process_ended(code: int, told: str) -> None:
    assert ending(code) == told
