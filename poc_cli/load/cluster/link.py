"""A connection to a Dask scheduler: list its workers, run parts on them and request their state."""

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

_Reply = TypeVar("_Reply")

CONNECTS_WITHIN_SECONDS: Final = 10.0
ANSWERS_WITHIN_SECONDS: Final = 5.0
"""How long a worker may take for a short request; idle ones take 4 ms through the scheduler (measured)."""

_QUESTIONS: Final = 7  # clock samples: the fastest counts; the first one also opens a connection

_PACKAGE: Final = __name__.partition(".")[0]

_SILENCED: Final = ("distributed", "distributed.client", "tornado.application")
"""Loggers of Dask about workers that end; poc reports that itself."""

_INSTALL: Final = "install it: pip install 'poc-durable-objects[cluster]'"


class Link:
    """An open connection to a scheduler."""

    def __init__(self, client: "Client", address: str) -> None:
        self._client = client
        self.address = address

    async def members(self) -> list[Member]:
        """Return a member for each process with a worker. Raises TargetError if there is none."""
        found = []
        addresses = sorted(await self._known())
        answers = await asyncio.gather(
            *(self._ask(each, dask_worker.about) for each in addresses), return_exceptions=True
        )
        for address, answer in zip(addresses, answers, strict=True):
            if isinstance(answer, Exception) and _PACKAGE in str(answer):  # Dask wraps the ImportError
                raise TargetError(
                    f"the worker {address} does not have this version of poc: {_words(answer)}", _INSTALL
                ) from answer
            if isinstance(answer, BaseException):
                raise TargetError(f"the worker {address} does not respond: {_words(answer)}") from answer
            found.append(member(address, answer))
        if not found:
            start = f"start some: dask worker {self.address} --nthreads 1 --no-nanny"
            raise TargetError(f"the scheduler at {self.address} has no worker", start)
        return one_each(found)

    async def clock(self, of: Member) -> Clock:
        """Return the offset of a member's clock. Raises TargetError if it does not respond."""
        samples = []
        for _ in range(_QUESTIONS):
            asked = time.time()
            try:
                answer = await self._ask(of.address, dask_worker.clock)
            except (OSError, TimeoutError) as error:
                raise TargetError(f"the worker {of.address} does not report its clock: {_words(error)}") from error
            samples.append((asked, answer, time.time()))
        return clock_from(samples)

    async def is_there(self, address: str) -> bool:
        """Return whether the scheduler has a worker at an address. Raises OSError or TimeoutError if it is down."""
        return address in await self._known()

    async def look(self, at: Member, play: str) -> dict[str, Any] | None:
        """Return the state of a member's part, None if it does not respond in time."""
        try:
            return await self._ask(at.address, dask_worker.look, play)
        except (OSError, TimeoutError):
            return None

    async def stop(self, at: Member, play: str) -> None:
        """Stop a member's part; one that does not respond stops by itself soon."""
        with contextlib.suppress(OSError, TimeoutError):
            await self._ask(at.address, dask_worker.stop, play)

    async def carried_out(self, at: Member, order: Order) -> dict[str, Any]:
        """Run an order on exactly this member, once, and return its answer."""
        future = self._client.submit(
            dask_worker.execute_part,
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

    async def _ask(self, address: str, question: Callable[..., _Reply], *arguments: str) -> _Reply:
        """Call a function in a worker, not as a task. Raises OSError or TimeoutError if it does not respond."""
        asking = self._client.run(question, *arguments, workers=[address])
        answers: dict[str, _Reply] = await asyncio.wait_for(asking, ANSWERS_WITHIN_SECONDS)
        if address not in answers:
            raise ConnectionError("it is no longer there")
        return answers[address]


@contextlib.asynccontextmanager
async def linked(address: str) -> AsyncIterator[Link]:
    """Connect to a scheduler until the end of the context. Raises PocError if that fails."""
    try:
        import distributed
    except ImportError as error:
        raise PocError("a load on a cluster needs Dask, which is not installed", _INSTALL) from error
    for name in _SILENCED:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    client = distributed.Client(
        address, asynchronous=True, timeout=CONNECTS_WITHIN_SECONDS, set_as_default=False, name="poc"
    )
    try:
        try:
            await client
        except Exception as error:  # any error of TLS or of another protocol
            raise TargetError(f"no Dask scheduler responds at {address}: {_words(error)}", _START) from error
        yield Link(client, address)
    finally:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(client.close(), ANSWERS_WITHIN_SECONDS)


_START: Final = "start one (dask scheduler --host 127.0.0.1), or correct the address"


def _words(error: BaseException) -> str:
    """Return an error as one line."""
    message = " ".join(str(error).split())
    return message or type(error).__name__
