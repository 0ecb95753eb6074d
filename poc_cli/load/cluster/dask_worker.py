"""The functions that poc calls in a Dask worker: run a part of a load, report its state, stop it."""

import asyncio
import contextlib
import os
import platform
import resource
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from poc_cli import __version__
from poc_cli.load.capacity import limits
from poc_cli.load.load_context import Glance
from poc_cli.load.process_usage import Meter
from poc_cli.load.shard_runner import Unsupervised, execute, run_loop
from poc_cli.load.sharding import Shard
from poc_cli.record.load_stage import ShardResult

PROCESS: Final = secrets.token_hex(8)
"""Identifies this process; another process may get its address later."""

FORGOTTEN_AFTER_SECONDS: Final = 30.0
"""A part stops after so long without a request for its state; poc sends one every second."""

_AGREED: Final = ("websockets", "uvloop", "distributed")
"""Packages that affect the behavior or speed of a client; all workers need the same versions."""


@dataclass(frozen=True, slots=True)
class Order:
    """A part to run. `start_at` is on the clock of the process named by `process`."""

    shard: Shard
    url: str
    headers: dict[str, str] = field(repr=False)  # they have the target's token, and Dask logs failed tasks
    start_at: float
    process: str


@dataclass(slots=True)
class _Running:
    """A running part."""

    loop: asyncio.AbstractEventLoop
    work: "asyncio.Task[ShardResult]"
    asked: float
    watched: "_StateKeeper"


_RUNNING: Final[dict[str, _Running]] = {}
"""The running parts by name of the play; Dask reads them in another thread."""


class _StateKeeper(Unsupervised):
    """A supervisor that keeps the function that returns the state."""

    glance: Callable[[], Glance] | None = None

    def watch(self, glance: Callable[[], Glance]) -> None:
        """Keep the function."""
        self.glance = glance


def versions() -> dict[str, str]:
    """Return the versions that must be the same in all processes of a load; "none" if not installed."""
    found = {"poc": __version__, "python": ".".join(platform.python_version_tuple()[:2])}
    for name in _AGREED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def about() -> dict[str, Any]:
    """Return the identity and limits of this process, after raising its limit of open files."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    has = limits()
    return {
        "process": PROCESS,
        "host": socket.gethostname(),
        "versions": versions(),
        "files": has.files,
        "ports": has.ports,
        "use": _use(),
    }


def clock() -> float:
    """Return the time of this machine, in seconds since 1970."""
    return time.time()


def execute_part(order: Order) -> dict[str, Any]:
    """Run a part and return its `result`, or the reason in `failed`; blocks until it ends."""
    if order.process != PROCESS:
        return {"failed": "another process has its address now"}
    late = time.time() - order.start_at
    if late > 0:
        return {"failed": f"it started its part {late:.1f} s after the common start, because it was busy"}
    try:
        return {"result": run_loop(_execute(order)).as_json()}
    except asyncio.CancelledError:
        return {"failed": "it was stopped before it started"}
    except Exception as error:  # noqa: BLE001 - reported as text, without the order
        return {"failed": f"{type(error).__name__}: {error}"}


async def _execute(order: Order) -> ShardResult:
    watched = _StateKeeper()
    execution = execute(order.shard, order.url, order.headers, order.start_at, watched)
    work = asyncio.create_task(execution)
    running = _Running(asyncio.get_running_loop(), work, time.monotonic(), watched)
    _RUNNING[order.shard.play] = running
    minding = asyncio.create_task(_stopped_once_forgotten(running))
    try:
        return await work
    finally:
        minding.cancel()
        del _RUNNING[order.shard.play]


async def _stopped_once_forgotten(running: _Running) -> None:
    # Requests come from another thread, which cannot set an asyncio event of this loop.
    while (left := running.asked + FORGOTTEN_AFTER_SECONDS - time.monotonic()) > 0:  # noqa: ASYNC110
        await asyncio.sleep(left)
    running.work.cancel()


def look(play: str) -> dict[str, Any]:
    """Return the state of a part, None if it is not running, and keep it running."""
    running = _RUNNING.get(play)
    glance = None
    if running is not None:
        running.asked = time.monotonic()
        glance = None if running.watched.glance is None else list(running.watched.glance())
    return {"process": PROCESS, "glance": glance, "use": _use()}


def stop(play: str) -> None:
    """Stop a part; it returns a partial result."""
    running = _RUNNING.get(play)
    if running is not None:
        with contextlib.suppress(RuntimeError):  # its loop may have ended already
            running.loop.call_soon_threadsafe(running.work.cancel)


def _use() -> dict[str, Any]:
    return Meter({"client": os.getpid()}).uses()["client"].as_json()
