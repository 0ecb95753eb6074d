"""What a process of a cluster does for a load: it carries out one part, tells how it is doing, and stops when told."""

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
from poc_cli.load.shard_runner import Alone, perform, run_loop
from poc_cli.load.sharding import Shard
from poc_cli.record.load_stage import ShardResult

PROCESS: Final = secrets.token_hex(8)
"""Tells this process from one that comes to have its address later."""

FORGOTTEN_AFTER_SECONDS: Final = 30.0
"""Without a question for so long, whoever wanted the load is gone: they ask every second."""

_AGREED: Final = ("websockets", "uvloop", "distributed")
"""Packages that decide what a client does and how fast; two versions of one would be two loads."""


@dataclass(frozen=True, slots=True)
class Order:
    """A part to carry out. `start_at` is on the clock of the process that is meant, `process` says which one is."""

    shard: Shard
    url: str
    headers: dict[str, str] = field(repr=False)  # they hold the target's token, and Dask writes down what fails
    start_at: float
    process: str


@dataclass(slots=True)
class _Going:
    """A part that is being carried out."""

    loop: asyncio.AbstractEventLoop
    work: "asyncio.Task[ShardResult]"
    asked: float
    watched: "_Watched"


_GOING: Final[dict[str, _Going]] = {}
"""By the name of the play. A process has one part of a play, and Dask asks from another thread."""


class _Watched(Alone):
    """A conductor that keeps what tells how the part is doing."""

    glance: Callable[[], Glance] | None = None

    def watch(self, glance: Callable[[], Glance]) -> None:
        """Keep it."""
        self.glance = glance


def versions() -> dict[str, str]:
    """Return the versions that all processes of a load must share; "none" for what is not installed."""
    found = {"poc": __version__, "python": ".".join(platform.python_version_tuple()[:2])}
    for name in _AGREED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def about() -> dict[str, Any]:
    """Return who this process is and what it may have, as plain values; takes as many descriptors as it may."""
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


def carry_out(order: Order) -> dict[str, Any]:
    """Carry a part out and give `result`, or why there is none as `failed`; blocks until it is over."""
    if order.process != PROCESS:
        return {"failed": "another process has come to its address"}
    late = time.time() - order.start_at
    if late > 0:
        return {"failed": f"it came to its part {late:.1f} s after the common start, busy with something else"}
    try:
        return {"result": run_loop(_carried(order)).as_json()}
    except asyncio.CancelledError:
        return {"failed": "it was stopped before it began"}
    except Exception as error:  # noqa: BLE001 - told as plain words, with nothing of the order in them
        return {"failed": f"{type(error).__name__}: {error}"}


async def _carried(order: Order) -> ShardResult:
    watched = _Watched()
    performing = perform(order.shard, order.url, order.headers, order.start_at, watched)
    work = asyncio.create_task(performing)
    going = _Going(asyncio.get_running_loop(), work, time.monotonic(), watched)
    _GOING[order.shard.play] = going
    minding = asyncio.create_task(_stopped_once_forgotten(going))
    try:
        return await work
    finally:
        minding.cancel()
        del _GOING[order.shard.play]


async def _stopped_once_forgotten(going: _Going) -> None:
    # What asks is another thread, which an event of this loop could not wait for.
    while (left := going.asked + FORGOTTEN_AFTER_SECONDS - time.monotonic()) > 0:  # noqa: ASYNC110
        await asyncio.sleep(left)
    going.work.cancel()


def look(play: str) -> dict[str, Any]:
    """Return how the part is doing, None if it is not under way, and that somebody still wants it."""
    going = _GOING.get(play)
    glance = None
    if going is not None:
        going.asked = time.monotonic()
        glance = None if going.watched.glance is None else list(going.watched.glance())
    return {"process": PROCESS, "glance": glance, "use": _use()}


def stop(play: str) -> None:
    """Have the part end now, with an account of how far it came."""
    going = _GOING.get(play)
    if going is not None:
        with contextlib.suppress(RuntimeError):  # its loop may have ended meanwhile
            going.loop.call_soon_threadsafe(going.work.cancel)


def _use() -> dict[str, Any]:
    return Meter({"client": os.getpid()}).uses()["client"].as_json()
