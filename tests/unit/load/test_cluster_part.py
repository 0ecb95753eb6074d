"""A part is an account or lost with a reason, whatever its worker and the scheduler do."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

import pytest

from poc_cli.load.capacity import Limits
from poc_cli.load.cluster import remote_shard as module
from poc_cli.load.cluster.dask_worker import Order
from poc_cli.load.cluster.members import Clock, Member
from poc_cli.load.cluster.remote_shard import Part
from poc_cli.load.load_context import Glance
from poc_cli.load.plan import Plan, Step, template
from poc_cli.load.process_usage import Usage
from poc_cli.load.sharding import Shard, shards
from poc_cli.record.load_stage import ShardResult, no_fates

if TYPE_CHECKING:
    from poc_cli.load.cluster.link import Link

Answer = Callable[[], Awaitable[dict[str, Any]]]

_MEMBER = Member("tcp://127.0.0.1:4001", "mine", "h", {}, Limits(1000), Usage(1, 0.0, 1))
_GLANCE = Glance("idle", 3, 0, 0, 0, 0, 0, 0.0, 0.0)


async def _never() -> dict[str, Any]:
    await asyncio.Event().wait()
    return {}


class _Link:
    """A scheduler and one worker, as they are told to be."""

    address = "tcp://127.0.0.1:8786"

    def __init__(self, answer: Answer = _never, *, process: str = "mine", looks: int = 1_000_000) -> None:
        self.orders: list[Order] = []
        self.stopped = False
        self._answer = answer
        self._process = process
        self._looks = looks
        self.silent = False

    async def carried_out(self, at: Member, order: Order) -> dict[str, Any]:
        assert at is _MEMBER
        self.orders.append(order)
        return await self._answer()

    async def is_there(self, address: str) -> bool:
        assert address == _MEMBER.address
        if self.silent:
            raise ConnectionError("the scheduler is gone")
        self._looks -= 1
        return self._looks >= 0

    async def look(self, at: Member, play: str) -> dict[str, Any] | None:
        assert (at, play) == (_MEMBER, "p")
        return {"process": self._process, "glance": list(_GLANCE), "use": {"rss": 5, "cpu": 0.5, "files": 6}}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOKS_EVERY_SECONDS", 0.0)


def _shard() -> Shard:
    message = template("{mark}")
    plan = Plan(6, 2, "/", (), (Step("idle", 0.0),), message, message, message, None)
    return shards(plan, 2, play="p", lockstep=True)[1]


async def _outcome(link: _Link) -> tuple[ShardResult, Part, list[str]]:
    lost: list[str] = []
    part = Part(_shard(), _MEMBER, cast("Link", link), lambda _, why: lost.append(why))
    result = await part.outcome("http://h", {"a": "b"}, time.time(), Clock(7.0, 0.1))
    return result, part, lost


def _is_unknown(result: ShardResult) -> bool:
    return result.outcome == "lost" and result.fates == {**no_fates(), "unknown": [[3, 5]]} and not result.stages


async def test_an_account_is_what_the_worker_gave() -> None:
    account = ShardResult([1], [], {**no_fates(), "open": [[3, 5]]})

    async def answer() -> dict[str, Any]:
        return {"result": account.as_json()}

    result, _, lost = await _outcome(_Link(answer))
    assert (result, lost) == (account, [])


async def test_an_order_is_for_one_process_and_begins_by_its_own_clock() -> None:
    link = _Link(looks=0)
    await _outcome(link)
    (order,) = link.orders
    assert order.process == "mine"
    assert 6 < order.start_at - time.time() < 8


async def test_a_worker_that_is_gone_is_lost_and_its_sockets_unknown() -> None:
    result, part, lost = await _outcome(_Link(looks=3))
    assert _is_unknown(result)
    assert lost == [result.reason] == ["it is no longer in the cluster"]
    assert part.glance is None
    assert part.use == Usage(5, 0.5, 6)


async def test_another_process_at_the_address_is_not_the_worker() -> None:
    result, _, _ = await _outcome(_Link(process="another"))
    assert _is_unknown(result)
    assert result.reason == "another process has its address now"


async def test_a_scheduler_that_is_gone_gives_no_account() -> None:
    link = _Link()
    link.silent = True
    result, _, _ = await _outcome(link)
    assert _is_unknown(result)
    assert result.reason == "the scheduler at tcp://127.0.0.1:8786 no longer responds"


async def test_a_worker_that_never_answers_is_lost_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LEEWAY_SECONDS", 0.1)
    result, _, _ = await _outcome(_Link())
    assert _is_unknown(result)
    assert result.reason == "it returned no result in time"


async def test_a_worker_that_failed_is_lost_with_its_words() -> None:
    async def answer() -> dict[str, Any]:
        return {"failed": "OSError: no such host"}

    result, _, _ = await _outcome(_Link(answer))
    assert _is_unknown(result)
    assert result.reason == "OSError: no such host"


async def test_what_dask_raises_is_a_reason() -> None:
    async def answer() -> dict[str, Any]:
        raise RuntimeError("killed\nworker")

    result, _, _ = await _outcome(_Link(answer))
    assert _is_unknown(result)
    assert result.reason == "RuntimeError: killed worker"


async def test_a_part_that_dask_cancels_is_lost() -> None:
    async def answer() -> dict[str, Any]:
        raise asyncio.CancelledError

    result, _, _ = await _outcome(_Link(answer))
    assert _is_unknown(result)
    assert result.reason == "the scheduler canceled its part"
