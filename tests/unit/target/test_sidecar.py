"""What a broken or silent runtime is told as: only a time-out may speak of an endless loop."""

import asyncio
import signal
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from poc_cli.errors import TargetError
from poc_cli.target import patience
from poc_cli.target.attendance import Attendance
from poc_cli.target.base import TargetDied, TargetDropped, TargetHung
from poc_cli.target.process import ending
from poc_cli.target.sidecar import Sidecar

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


def asked(handler: Handler | None) -> TargetError:
    """Ask a runtime that answers like that, none where it is gone, and give what is told of it."""

    async def ask(folder: Path) -> None:
        server = None
        if handler is not None:
            server = await asyncio.start_unix_server(handler, str(folder / "fence.sock"))
        side = Sidecar(folder, patience.Watch(None, Attendance()))
        try:
            await side.answer()
        finally:
            await side.close()
            if server is not None:
                server.close()

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
    monkeypatch.setattr(patience, "HANGS_AFTER_SECONDS", 0.05)
    told = asked(_silent)
    assert isinstance(told, TargetHung)
    assert told.message == "the runtime did not answer within 0.05 s"
    assert "an endless loop" in str(told.advice)


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
