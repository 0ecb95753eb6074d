"""What clients do with the shipped worker while a session of each theme is recorded, once, on the healthy worker.

In tests/everywhere/room: `poc record -o tags.toml -- python ../room_clients.py tags`
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

from tests.everywhere.clients import ask, client, hear

KITCHEN: Final = "/room/kitchen?name="


async def values() -> None:
    """Store values in every way, and ask for them again and again."""
    async with client(KITCHEN + "ann") as ann, client(KITCHEN + "bob") as bob:
        await ask(ann, op="put", key="color", value="blue")
        await ask(ann, op="put", key="size", value=7, store="kv")
        await ask(bob, op="put", key="shade", value=["dark", 2], store="put")
        await ask(bob, op="seq")
        for _ in range(2):
            await ask(bob, op="get", key="color")
            await ask(ann, op="get", key="size", store="kv")
            await ask(ann, op="get", key="shade", store="put")
            await ask(bob, op="seq")
        await ask(ann, op="put_later", key="mood", value="calm", ms=1000)
        await asyncio.sleep(1.5)  # somebody pauses, and the write of a second later comes meanwhile
        await ask(bob, op="get", key="mood")
        await ask(ann, op="seq")
        await ask(ann, op="sql", query="SELECT count(*) AS n FROM entries")


async def attachments() -> None:
    """Attach short and long values to sockets, and of all types."""
    async with client(KITCHEN + "ann") as ann, client(KITCHEN + "bob") as bob:
        await ask(ann, op="attach", data={"seat": 3})
        await ask(bob, op="attach_bytes", bytes=4000)
        async with client(KITCHEN + "cy") as cy:
            await ask(cy, op="attach_types")
            await ask(ann, op="who")
            await ask(bob, op="attach_length")
            await ask(cy, op="attach_types_check")
        async with client(KITCHEN + "dan") as dan:
            await ask(dan, op="attach", data={"seat": 9})
            await ask(ann, op="attach", data={"seat": 4})
            await ask(dan, op="who")
            await ask(bob, op="attach_length")
            await ask(ann, op="who")


async def tags() -> None:
    """Find sockets by their tags, those of late ones too."""
    async with client(KITCHEN + "ann&tags=red") as ann, client(KITCHEN + "bob&tags=red,big") as bob:
        await ask(ann, op="tagged", tag="red")
        await ask(bob, op="tagged", tag="name:ann")
        await ask(bob, op="tags")
        async with client(KITCHEN + "cy&tags=blue") as cy:
            await ask(ann, op="tagged", tag="blue")
            await ask(ann, op="tagged", tag="name:cy")
            await ask(cy, op="tags")
            await ask(cy, op="tagged", tag="big")
        await ask(ann, op="tagged", tag="blue")
        await ask(bob, op="tagged", tag="red")


async def broadcasts() -> None:
    """Tell all, early and late comers."""
    async with client(KITCHEN + "ann") as ann, client(KITCHEN + "bob") as bob, client(KITCHEN + "cy") as cy:

        async def told(who: Any, *others: Any, **message: Any) -> None:
            await ask(who, 2, **message)
            for each in others:
                await hear(each)

        await told(ann, bob, cy, op="say", text="hello")
        await told(bob, ann, cy, op="broadcast", text="hi all")
        async with client(KITCHEN + "dan") as dan:
            await told(dan, ann, bob, cy, op="say", text="new here")
            await told(cy, ann, bob, dan, op="say", text="welcome")
            await ask(ann, op="sockets")
        await told(ann, bob, cy, op="say", text="bye")
        await ask(bob, op="who")


async def connections() -> None:
    """Come, listen, go with a reason, be sent away."""
    async with client(KITCHEN + "ann") as ann, client(KITCHEN + "bob") as bob, client(KITCHEN + "cy") as cy:
        await ask(ann, op="who")
        await ask(ann, 2, op="say", text="anybody?")
        await hear(bob)
        await hear(cy)
        await bob.close(4001, "lunch")
        await ask(ann, op="who")
        await ask(ann, op="events")
        async with client(KITCHEN + "dan") as dan:
            await dan.send('{"op": "close", "code": 4002, "reason": "enough"}')
            await dan.wait_closed()
        async with client(KITCHEN + "eve") as eve:
            await ask(ann, op="kick", name="eve", code=4003, reason="out")
            await eve.wait_closed()
        await ask(ann, 2, op="broadcast", text="who is left?")
        await hear(cy)
        await ask(cy, op="who")


async def replay() -> None:
    """Come back and be told what was missed."""
    async with client(KITCHEN + "ann") as ann:
        for text in ("one", "two", "three"):
            await ask(ann, 2, op="say", text=text)
        async with client(KITCHEN + "bob&since=1") as bob:
            await hear(bob, 2)
            await ask(bob, op="who")
        await ask(ann, 2, op="say", text="four")
        async with client(KITCHEN + "bob&since=3") as bob:
            await hear(bob)
            await ask(ann, 2, op="say", text="five")
            await hear(bob)


async def alarms() -> None:
    """Set an alarm and wait for it."""
    async with client(KITCHEN + "ann") as ann, client(KITCHEN + "bob") as bob:
        await ask(ann, op="alarm", in_ms=2500)
        await ask(bob, op="who")
        await ask(ann, op="alarm_get")
        await ask(bob, op="echo", text="soon")
        await hear(ann)
        await hear(bob)
        await ask(ann, op="alarm_get")


async def rooms() -> None:
    """Subscribe one room to another, and publish there."""
    async with client(KITCHEN + "ann") as ann, client("/room/news?name=bob") as bob:
        await ask(ann, op="subscribe", to="news")
        await ask(bob, op="publish", text="first")
        await hear(ann)
        await ask(bob, op="subscribers")
        await ask(bob, op="publish", text="second")
        await hear(ann)
        await ask(ann, op="who")


async def heartbeats() -> None:
    """Let the runtime answer, and limit handlers."""
    async with client(KITCHEN + "ann") as ann, client(KITCHEN + "bob") as bob:

        async def beat(socket: Any, text: str) -> None:
            await socket.send(text)
            await socket.recv()

        await beat(ann, "ping")
        await ask(bob, op="auto_get")
        await ask(ann, op="auto", request="beat", response="heard")
        await beat(bob, "beat")
        await ask(ann, op="event_timeout", ms=20000)
        await ask(bob, op="event_timeout_get")
        await beat(ann, "beat")
        await ask(bob, op="auto_get")
        await ask(bob, op="event_timeout_get")
        await beat(bob, "beat")


async def calls() -> None:
    """Call the API with the room's key, and send bytes."""
    async with client(KITCHEN + "ann") as ann, client(KITCHEN + "bob") as bob:
        await ask(ann, op="secret")
        await ask(bob, op="call", path="/")
        await bob.send(b"\x01\x02\x03")
        await bob.recv()
        await ask(ann, op="call", path="/")
        await bob.send(b"\x04\x05")
        await bob.recv()
        await ask(bob, op="binary", bytes=20)
        await bob.recv()
        await ask(ann, op="secret")


SESSIONS: Final[dict[str, Callable[[], Awaitable[None]]]] = {
    each.__name__: each
    for each in (values, attachments, tags, broadcasts, connections, replay, alarms, rooms, heartbeats, calls)
}

if __name__ == "__main__":
    asyncio.run(SESSIONS[sys.argv[1]]())  # type: ignore[arg-type]
