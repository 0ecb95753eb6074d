"""What clients do with each healthy project while it is recorded.

In tests/everywhere/sessions: `poc record --worker ../../projects/chat -o chat.toml -- python ../clients.py chat`
"""

import asyncio
import contextlib
import json
import os
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect

URL: Final = os.environ.get("POC_URL", "")


@contextlib.asynccontextmanager
async def client(path: str) -> AsyncIterator[ClientConnection]:
    """Connect to a path."""
    async with connect(URL + path, proxy=None) as socket:
        yield socket


async def ask(socket: ClientConnection, answers: int = 1, /, **message: Any) -> Any:
    """Send a message and return the last of its answers."""
    await socket.send(json.dumps(message))
    return await hear(socket, answers)


async def hear(socket: ClientConnection, number: int = 1) -> Any:
    """Return the last of some messages."""
    for _ in range(number):
        heard = await socket.recv()
    return json.loads(heard) if isinstance(heard, str) else heard


async def request(path: str, body: Any = None) -> Any:
    """Send a request."""
    data = None if body is None else json.dumps(body).encode()
    url = URL.replace("ws://", "http://") + path
    asked = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - on loopback

    def answer() -> Any:
        with urllib.request.urlopen(asked) as found:  # noqa: S310
            return json.loads(found.read())

    return await asyncio.to_thread(answer)


async def chat() -> None:
    """Rooms with a history."""
    async with client("/rooms/kitchen?nick=ann") as ann, client("/rooms/kitchen?nick=bob") as bob:
        await hear(ann)
        await hear(bob)
        await ask(ann, type="say", text="hello")
        await hear(bob)
        await ask(bob, type="say", text="hi there")
        await hear(ann)
        await ask(ann, type="history")
        async with client("/rooms/kitchen?nick=cy") as cy:
            await hear(cy)
            await ask(cy, type="say", text="late again")
            await hear(ann)
            await hear(bob)
        await ann.send("not json")
        await hear(ann)
        await ask(bob, type="history")


async def game() -> None:
    """Messages of bytes, and a round that ends by an alarm."""

    async def play(socket: ClientConnection, *numbers: int) -> Any:
        await socket.send(bytes(numbers))
        return await hear(socket)

    async with client("/table/green?player=1&round=1800") as one, client("/table/green?player=2") as two:
        await hear(one)
        await hear(two)
        for player, x, y in ((one, 0, 0), (two, 1, 0), (one, 1, 1)):
            await play(player, 2, x, y)
            await hear(two if player is one else one)
        await play(two, 2, 0, 0)
        await hear(one)
        await hear(two)
        await play(one, 6)
        await play(two, 6)
        await play(two, 2, 1, 1)


async def presence() -> None:
    """Lists of members in any order, with ids, clocks and heartbeats."""
    async with client("/lounge/blue?name=ann") as ann:
        await hear(ann)
        async with client("/lounge/blue?name=bob") as bob:
            await hear(bob)
            await hear(ann)
            await ask(ann, type="status", text="busy")
            await hear(bob)
            await ask(bob, type="heartbeat")
            async with client("/lounge/blue?name=cy") as cy:
                await hear(cy)
                await hear(ann)
                await hear(bob)
                await ask(cy, type="status", text="new here")
                await hear(ann)
                await hear(bob)
                await ask(bob, type="heartbeat")
                await ask(ann, type="list")
            await hear(ann)
            await hear(bob)
            await ask(bob, type="list")
            await ask(bob, type="status", text="away")
            await hear(ann)
        await hear(ann)
        await ask(ann, type="list")


async def merge() -> None:
    """Concurrent writes, of which the later one is kept."""
    async with client("/?board=plan&replica=ann") as ann, client("/?board=plan&replica=bob") as bob:
        await hear(ann)
        await hear(bob)
        await ask(ann, type="set", key="title", value="draft", clock=1)
        await hear(bob)
        await ask(bob, type="set", key="title", value="older", clock=0)
        await ask(bob, type="set", key="title", value="final", clock=2)
        await hear(ann)
        await ask(ann, type="add", n=2)
        await hear(bob)
        await ask(bob, type="add", n=3)
        await hear(ann)
        await ask(ann, type="read")
        await ask(bob, type="set", key="owner", value="bob", clock=1)
        await hear(ann)
        await ask(ann, type="read", since="000001/z")
        await ask(ann, type="add", n=1)
        await hear(bob)
        async with client("/?board=plan&replica=cy") as cy:
            await hear(cy)
            await ask(cy, type="read")


async def queue() -> None:
    """Jobs by HTTP, taken and acknowledged by workers."""
    async with client("/queues/mail?worker=ann") as ann:
        await request("/queues/mail", {"to": "cy", "text": "first"})
        await hear(ann)
        job = await ask(ann, type="take")
        async with client("/queues/mail?worker=bob") as bob:
            await request("/queues/mail", {"to": "dan", "text": "second"})
            await hear(ann)
            await hear(bob)
            other = await ask(bob, type="take")
            await ask(ann, type="ack", id=other["id"])
            await ask(ann, type="ack", id=job["id"])
            await request("/queues/mail")
        again = await ask(ann, type="take")
        await ask(ann, type="ack", id=again["id"])
        await ask(ann, type="take")


async def auction() -> None:
    """Pushes by alarms."""
    async with client("/auctions/lamp?user=ann") as ann, client("/auctions/lamp?user=bob") as bob:
        await hear(ann)
        await hear(bob)
        await ask(ann, type="bid", amount=10)
        await hear(bob)
        await ask(bob, type="bid", amount=10)
        await ask(bob, type="bid", amount=20)
        await hear(ann)
        await ask(ann, type="bid", amount=30)
        await hear(bob)
        await ask(ann, type="mine")
        await ask(bob, type="end", ms=1500)
        await hear(ann, 3)
        await hear(bob, 3)
        await ask(bob, type="mine")


async def arcade() -> None:
    """All that differs by itself: random keys, clocks, any order, and ticks by an alarm."""
    async with client("/halls/main?name=ann") as ann, client("/halls/main?name=bob") as bob:
        await hear(ann)
        await hear(bob)
        await ask(ann, type="who")
        await ask(bob, type="say", id="b1")
        await ask(ann, type="begin", id="t7")
        await ask(bob, type="log", text="came")
        await ask(ann, type="arm", text="loaded")
        async with client("/halls/main?name=cyrus") as cy:
            await hear(cy)
            await ask(cy, 3, type="scores")
            await hear(ann, 3)
            await hear(bob, 3)
            await ask(ann, type="commit", id="t7")
            await ask(bob, type="say", id="b1")
            await ask(cy, type="shuffled")
            await ask(bob, type="who")
        await ask(ann, type="log", text="stays")
        await ask(bob, type="armed")
        await ask(ann, type="say", id="a1")
        await ask(bob, type="armed")
        await ask(ann, type="start")
        await hear(ann, 6)
        await ann.send(json.dumps({"type": "stop"}))
        while (await hear(ann))["type"] != "stopped":
            pass
        await ask(ann, type="who")


SESSIONS: Final[dict[str, Callable[[], Awaitable[None]]]] = {
    each.__name__: each for each in (chat, game, presence, merge, queue, auction, arcade)
}

if __name__ == "__main__":
    asyncio.run(SESSIONS[sys.argv[1]]())  # type: ignore[arg-type]
