"""A connection to a Dask scheduler: who its workers are, a part for one of them, and short questions beside it."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from poc_cli.errors import PocError, TargetError
from poc_cli.load.cluster import dask_worker
from poc_cli.load.cluster.dask_worker import Order
from poc_cli.load.cluster.members import Clock, Member, clock_from, member, one_each

if TYPE_CHECKING:
    from distributed import Client

_Told = TypeVar("_Told")

CONNECTS_WITHIN_SECONDS: Final = 10.0
ANSWERS_WITHIN_SECONDS: Final = 5.0
"""How long a worker may take for a short question; idle ones take 4 ms through the scheduler (measured)."""

_QUESTIONS: Final = 7  # to a clock: the quickest counts, and the first one also opens a connection

_OURS: Final = __name__.partition(".")[0]

_SILENCED: Final = ("distributed", "distributed.client", "tornado.application")
"""What Dask would print of workers that end; poc says it itself, once."""

_INSTALL: Final = "install it: pip install 'poc-durable-objects[cluster]'"


class Link:
    """A scheduler that answers."""

    def __init__(self, client: "Client", address: str) -> None:
        """Take the open connection."""
        self._client = client
        self.address = address

    async def members(self) -> list[Member]:
        """Return a member for each process with a worker. Raises TargetError if there is none, or one lacks poc."""
        found = []
        addresses = sorted(await self._known())
        answers = await asyncio.gather(
            *(self._ask(each, dask_worker.about) for each in addresses), return_exceptions=True
        )
        for address, told in zip(addresses, answers, strict=True):
            if isinstance(told, Exception) and _OURS in str(told):  # Dask wraps the ImportError of its own reading
                raise TargetError(f"the worker {address} has no poc like this one: {_words(told)}", _INSTALL) from told
            if isinstance(told, BaseException):
                raise TargetError(f"the worker {address} does not answer: {_words(told)}") from told
            found.append(member(address, told))
        if not found:
            start = f"start some: dask worker {self.address} --nthreads 1 --no-nanny"
            raise TargetError(f"the scheduler at {self.address} has no worker", start)
        return one_each(found)

    async def clock(self, of: Member) -> Clock:
        """Return how the clock of a member stands to ours. Raises TargetError if it does not tell."""
        samples = []
        for _ in range(_QUESTIONS):
            asked = time.time()
            try:
                told = await self._ask(of.address, dask_worker.clock)
            except (OSError, TimeoutError) as error:
                raise TargetError(f"the worker {of.address} does not tell the time: {_words(error)}") from error
            samples.append((asked, told, time.time()))
        return clock_from(samples)

    async def is_there(self, address: str) -> bool:
        """Return whether the scheduler has a worker at an address. Raises OSError or TimeoutError without an answer."""
        return address in await self._known()

    async def look(self, at: Member, play: str) -> dict[str, Any] | None:
        """Return how a member's part is doing, None if it does not answer in time."""
        try:
            return await self._ask(at.address, dask_worker.look, play)
        except (OSError, TimeoutError):
            return None

    async def stop(self, at: Member, play: str) -> None:
        """Have a member end its part; one that does not answer ends it by itself before long."""
        with contextlib.suppress(OSError, TimeoutError):
            await self._ask(at.address, dask_worker.stop, play)

    async def carried_out(self, at: Member, order: Order) -> dict[str, Any]:
        """Return what a member answers to an order, however long that takes; this very member, and once."""
        future = self._client.submit(
            dask_worker.carry_out,
            order,
            key=f"poc-load-{order.shard.play}-{order.shard.number}",
            workers=[at.address],
            allow_other_workers=False,
            retries=0,
            pure=False,
        )
        answer: dict[str, Any] = await future
        return answer

    async def _known(self) -> set[str]:
        return set(await asyncio.wait_for(self._client.nthreads(), ANSWERS_WITHIN_SECONDS))

    async def _ask(self, address: str, question: Callable[..., _Told], *arguments: str) -> _Told:
        """Ask a worker outside of its tasks. Raises OSError or TimeoutError where it does not answer."""
        asking = self._client.run(question, *arguments, workers=[address])
        answers: dict[str, _Told] = await asyncio.wait_for(asking, ANSWERS_WITHIN_SECONDS)
        if address not in answers:
            raise ConnectionError("it is gone")
        return answers[address]


@contextlib.asynccontextmanager
async def linked(address: str) -> AsyncIterator[Link]:
    """Connect to a scheduler until the end of the context. Raises PocError if that cannot be done."""
    try:
        import distributed
    except ImportError as error:
        raise PocError("a load on a cluster needs Dask, which is not installed here", _INSTALL) from error
    for name in _SILENCED:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    client = distributed.Client(
        address, asynchronous=True, timeout=CONNECTS_WITHIN_SECONDS, set_as_default=False, name="poc"
    )
    try:
        try:
            await client
        except Exception as error:  # whatever a TLS configuration or another protocol raises
            raise TargetError(f"no Dask scheduler answers at {address}: {_words(error)}", _START) from error
        yield Link(client, address)
    finally:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(client.close(), ANSWERS_WITHIN_SECONDS)


_START: Final = "start one (dask scheduler --host 127.0.0.1), or correct the address"


def _words(error: BaseException) -> str:
    """Return an error in a line."""
    message = " ".join(str(error).split())
    return message or type(error).__name__
