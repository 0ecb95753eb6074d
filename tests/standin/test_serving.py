"""Which version answers, and when the next one takes over, on real workerd."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from poc_cli.targets.installation import locate
from tests.standin.account import Version
from tests.standin.migrations import Class
from tests.standin.refusal import Refusal
from tests.standin.serving import Serving
from tests.standin.upload import Module

pytestmark = pytest.mark.live

AN_HOUR = 3600.0
DEFERRED = {"mode": "deferred", "max_delay": AN_HOUR}


def _version(number: int, code: str | None = None) -> Version:
    code = code or f'export default {{ fetch: () => new Response("{number}") }};'
    modules = (Module("index.js", "esModule", code.encode()),)
    return Version(f"id-{number}", number, modules, (), {"compatibility_date": "2026-10-01"}, "", "wrangler")


@asynccontextmanager
async def _serving() -> AsyncIterator[Serving]:
    folder = Path(tempfile.mkdtemp(prefix="standin-test-"))
    serving = Serving(locate(lambda _: None), folder / "worker", "http://127.0.0.1:1")
    try:
        yield serving
        await serving.remove()
        assert not serving.running
        assert not os.listdir(folder)  # noqa: PTH208 - a path would block no less
    finally:
        await serving.remove()
        shutil.rmtree(folder)


async def _answer(serving: Serving, path: str = "/") -> str | None:
    found = await serving.port(path)
    if found is None:
        return None
    port, _ = found
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/")).text
        except httpx.TransportError:  # an update ended it just now
            return None


async def _until(serving: Serving, wanted: str) -> None:
    while await _answer(serving) != wanted:  # noqa: ASYNC110 - an event of its own would be one more thing to test
        await asyncio.sleep(0.01)


async def test_a_version_answers_when_it_has_spread() -> None:
    async with _serving() as serving:
        await serving.update(_version(1), {}, {}, AN_HOUR)
        assert await _answer(serving) is None
        await serving.update(_version(1), {}, {}, 0.01)
        await _until(serving, "1")
        await serving.update(_version(2), {}, {}, AN_HOUR)
        assert await _answer(serving) == "1"
        await serving.update(_version(3), {}, {}, 0)
        assert await _answer(serving) == "3"


async def test_after_a_deferred_update_an_object_keeps_its_version_until_it_is_quiet() -> None:
    async with _serving() as serving:
        await serving.update(_version(1), {}, DEFERRED, 0)  # nothing to wait for
        assert await _answer(serving, "/busy") == "1"
        await serving.update(_version(2), {}, DEFERRED, 0)
        assert (await _answer(serving, "/busy"), await _answer(serving, "/new")) == ("1", "2")
        serving._objects["/busy"].traffic.last -= AN_HOUR
        # It looks again when it was to be quiet; another update looks at once.
        await serving.update(_version(3), {}, DEFERRED, 0)
        await asyncio.wait(serving._handing_over, return_when=asyncio.FIRST_COMPLETED)
        assert await _answer(serving, "/busy") == "3"


async def test_a_deferred_update_waits_no_longer_than_it_may_and_brings_the_newest_version() -> None:
    async with _serving() as serving:
        await serving.update(_version(1), {}, {}, 0)
        assert await _answer(serving) == "1"
        serving._objects["/"].traffic.last += AN_HOUR  # never quiet
        await serving.update(_version(2), {}, DEFERRED, 0)
        await serving.update(_version(3), {}, {"mode": "deferred", "max_delay": 0.01}, 0)
        await _until(serving, "3")


async def test_a_version_that_does_not_start_changes_nothing() -> None:
    async with _serving() as serving:
        await serving.update(_version(1), {}, {}, 0)
        with pytest.raises(Refusal) as refused:
            await serving.check(_version(2, 'throw new Error("not today");'), {})
        assert refused.value.code == 10021
        assert "not today" in refused.value.message
        assert await _answer(serving) == "1"


async def test_a_crashed_worker_comes_back() -> None:
    async with _serving() as serving:
        await serving.update(_version(1), {}, {}, 0)
        assert serving._workerd is not None
        os.killpg(serving._workerd.process.pid, signal.SIGKILL)
        await serving._workerd.process.wait()
        assert await _answer(serving) == "1"


async def test_objects_of_a_class_that_is_gone_are_gone() -> None:
    room = "export class Room { fetch() {} } export default { fetch: () => new Response('room') };"
    async with _serving() as serving:
        room_class = Class(sqlite=True)
        await serving.update(_version(1, room), {"Room": room_class}, {}, 0)
        kept = serving._folder / "disk" / room_class.key
        kept.mkdir(exist_ok=True)
        await serving.update(_version(2, room), {"Room": room_class}, {}, 0)
        assert kept.exists()
        await serving.update(_version(3), {}, {}, 0)
        assert not kept.exists()
