"""What a loop imports while it waits, and that it imports nothing while it works."""

import asyncio
import gc
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from poc_cli.commands.signals import finish, importing

NAMES = ("poc_idle_first", "poc_idle_second")


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Modules that say in which order they were imported."""
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(f"import sys\nsys.poc_idle = [*getattr(sys, 'poc_idle', []), {name!r}]\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in NAMES:
        sys.modules.pop(name, None)
    sys.__dict__.pop("poc_idle", None)


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await work()

    with asyncio.Runner(loop_factory=importing(NAMES)) as runner:
        runner.run(bounded())


def imported() -> list[str]:
    return list(getattr(sys, "poc_idle", []))


@pytest.mark.usefixtures("modules")
def test_a_loop_that_waits_imports_in_order() -> None:
    async def work() -> None:
        while len(imported()) < len(NAMES):  # noqa: ASYNC110 - an import sets no event
            await asyncio.sleep(0.01)

    run(work)
    assert imported() == list(NAMES)


@pytest.mark.usefixtures("modules")
def test_a_loop_that_works_imports_nothing() -> None:
    async def work() -> None:
        for _ in range(1_000):
            await asyncio.sleep(0)

    run(work)
    assert imported() == []


@pytest.mark.usefixtures("modules")
def test_timers_and_sockets_go_on_meanwhile() -> None:
    async def work() -> None:
        reading, writing = socket.socketpair()
        heard = asyncio.Event()
        asyncio.get_running_loop().add_reader(reading.fileno(), heard.set)
        asyncio.get_running_loop().call_later(0.02, writing.send, b"x")
        await heard.wait()
        asyncio.get_running_loop().remove_reader(reading.fileno())
        reading.close()
        writing.close()

    run(work)


def test_a_run_collects_garbage_in_short_pauses() -> None:
    before = gc.get_threshold()
    seen: list[tuple[int, ...]] = []

    async def work() -> None:
        seen.append((gc.get_freeze_count(), *gc.get_threshold()))

    assert finish(work())
    ((frozen, youngest, _, oldest),) = seen
    assert frozen > 10_000
    assert youngest <= 20_000
    assert oldest >= 1_000
    assert gc.get_threshold() == before
