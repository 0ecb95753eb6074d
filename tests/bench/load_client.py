"""Echoes a second at a hundred sockets: the client of `poc load`, and a bare loop on `websockets`, in the same minute.

Both ask the same room on the same runtime for the same frame, in turns; what counts is their ratio. Prints one JSON
document. Never fails on a figure.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Final

import psutil
from websockets.asyncio.client import ClientConnection, connect

from poc_cli.load.ledger import Ledger
from poc_cli.load.load_context import LoadContext
from poc_cli.load.load_socket import Socket
from poc_cli.load.plan import plan_of
from poc_cli.load.shard_runner import Unsupervised, run_loop
from poc_cli.load.sharding import shards
from poc_cli.load.socket_pool import SocketPool
from poc_cli.scenario.load_model import LoadTable
from tests.support.server import TOKEN, serving

SOCKETS: Final = 100
SECONDS: Final = 2.0
TURNS: Final = 7

HEADERS: Final = {"Authorization": f"Bearer {TOKEN}"}
FRAME: Final = b"\x01~0.abcd~"
"""As long as an exchange of the load with its mark."""


async def bare(url: str) -> float:
    """Return the echoes a second of one task for each socket that sends and receives."""
    sockets = [
        await connect(
            f"{url.replace('http', 'ws', 1)}/room/bare?name={index}",
            additional_headers=HEADERS,
            compression=None,
            ping_interval=None,
            proxy=None,
        )
        for index in range(SOCKETS)
    ]
    until = time.monotonic() + SECONDS
    counts = await asyncio.gather(*(_ask(socket, until) for socket in sockets))
    await asyncio.gather(*(socket.close() for socket in sockets))
    return sum(counts) / SECONDS


async def _ask(socket: ClientConnection, until: float) -> int:
    count = 0
    while time.monotonic() < until:
        await socket.send(FRAME)
        await socket.recv()
        count += 1
    return count


class _Again(Ledger):
    """An account of everything, as in a load, that has the next message sent when an answer has come."""

    def __init__(self) -> None:
        super().__init__(0, time.monotonic)
        self.until = float("inf")
        self.context: LoadContext | None = None

    def arrived(self, socket: Socket, data: bytes) -> None:
        """Count an answer, and send again."""
        super().arrived(socket, data)
        now = time.monotonic()
        if self.context is not None and now < self.until:
            self.context.exchange(socket, now, "answer")


async def loaded(url: str) -> float:
    """Return the echoes per second of the client of `poc load`, with marks, histograms and the ledger."""
    table = LoadTable.model_validate({"sockets": SOCKETS, "path": "/room/{play}?name={i}", "stages": [{"ramp": "1s"}]})
    (shard,) = shards(plan_of(table), 1, play="loaded")
    ledger = _Again()
    pool = SocketPool(shard, url, HEADERS.items(), ledger)
    context = LoadContext(shard.plan, pool, ledger, Unsupervised(), Random(1))  # noqa: S311 - repeatable, not secret
    for index in shard.indexes:
        pool.open(index, time.monotonic())
    await context.until(lambda: pool.open_count == SOCKETS, 10.0)
    ledger.context, ledger.until = context, time.monotonic() + SECONDS
    for socket in pool.open_sockets():
        context.exchange(socket, time.monotonic(), "answer")
    await asyncio.sleep(SECONDS)
    came = ledger.tally.came
    await context.drained(5.0)
    pool.abort_all()
    return came / SECONDS


async def measure(url: str) -> dict[str, list[float]]:
    """Return the echoes a second of both, in turns."""
    await bare(url)  # to warm up
    found: dict[str, list[float]] = {"bare": [], "load": []}
    for _ in range(TURNS):
        found["bare"].append(await bare(url))
        found["load"].append(await loaded(url))
    return found


def measured() -> dict[str, list[float]]:
    """Return the echoes a second of both, on a runtime of their own."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
        return run_loop(measure(server.url))


def main() -> None:
    """Measure and print."""
    found = measured()
    ratios = sorted(load / plain for load, plain in zip(found["load"], found["bare"], strict=True))
    document = {
        "sockets": SOCKETS,
        "bare_echoes_a_second": round(statistics.median(found["bare"])),
        "load_echoes_a_second": round(statistics.median(found["load"])),
        "ratio": {
            "median": round(statistics.median(ratios), 3),
            "min": round(ratios[0], 3),
            "max": round(ratios[-1], 3),
        },
        "load_average": round(psutil.getloadavg()[0], 2),
    }
    sys.stdout.write(json.dumps(document) + "\n")


if __name__ == "__main__":
    main()
