"""What a process does with an order: once, in time, meant for it, without a word of the token; and not for nobody."""

import threading
import time
from collections.abc import Iterator

import pytest

from poc_cli.load.cluster import dask_worker
from poc_cli.load.cluster.dask_worker import PROCESS, Order, about, execute_part, look, stop
from poc_cli.load.plan import Plan, Step, template
from poc_cli.load.sharding import shards
from tests.support.processes import until

_TOKEN = "a-secret-token"  # noqa: S105 - of no worker


def _order(*stages: Step, process: str = PROCESS, ahead: float = 0.2) -> Order:
    message = template("{mark}")
    plan = Plan(2, 1, "/", (), stages, message, message, message, None)
    (shard,) = shards(plan, 1, play="test", lockstep=True)
    return Order(shard, "http://127.0.0.1:1", {"Authorization": _TOKEN}, time.time() + ahead, process)


def test_an_order_shows_nothing_of_its_headers() -> None:
    assert _TOKEN not in repr(_order(Step("idle", 0.0)))


def test_a_process_carries_out_what_is_meant_for_it() -> None:
    answer = execute_part(_order(Step("ramp", 0.0)))
    (failed,) = answer["result"]["fates"]["failed"]
    assert failed["sockets"] == [[0, 1]]
    assert dask_worker._RUNNING == {}


def test_a_process_that_has_come_to_the_address_of_another_carries_nothing_out() -> None:
    assert execute_part(_order(Step("idle", 0.0), process="another")) == {
        "failed": "another process has its address now"
    }


def test_whoever_comes_late_does_not_begin() -> None:
    answer = execute_part(_order(Step("idle", 0.0), ahead=-5.0))
    assert "5.0 s after the common start" in answer["failed"]


def test_what_breaks_is_told_and_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("no such host")

    monkeypatch.setattr(dask_worker, "execute", broken)
    assert execute_part(_order(Step("idle", 0.0))) == {"failed": "OSError: no such host"}


class _Carrying(threading.Thread):
    """An order that is being carried out in a thread, as Dask does."""

    def __init__(self, order: Order) -> None:
        super().__init__()
        self.order = order
        self.answer: dict[str, dict[str, str]] = {}

    def run(self) -> None:
        self.answer = execute_part(self.order)


@pytest.fixture
def carrying() -> Iterator[_Carrying]:
    """Yield an order under way that would let an hour pass."""
    thread = _Carrying(_order(Step("idle", 3600.0)))
    thread.start()
    try:
        until("it is under way", lambda: look("test")["glance"] is not None)
        yield thread
    finally:
        stop("test")
        thread.join(20)
        assert not thread.is_alive()


def test_a_process_tells_how_its_part_is_doing_and_stops_with_an_account(carrying: _Carrying) -> None:
    told = look("test")
    assert told["process"] == PROCESS
    assert told["use"]["rss"] > 0
    stop("test")
    carrying.join(20)
    assert carrying.answer["result"]["outcome"] == "interrupted"


def test_a_part_that_nobody_asks_for_any_more_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_worker, "FORGOTTEN_AFTER_SECONDS", 0.2)
    answer = execute_part(_order(Step("idle", 3600.0)))
    assert answer["result"]["outcome"] == "interrupted"


def test_a_part_that_is_asked_for_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_worker, "FORGOTTEN_AFTER_SECONDS", 5.0)
    thread = _Carrying(_order(Step("idle", 0.5)))
    thread.start()
    thread.join(20)
    assert thread.answer["result"]["outcome"] == "done"


def test_asking_for_a_play_that_is_not_there_is_no_error() -> None:
    assert look("none")["glance"] is None
    stop("none")


def test_a_process_tells_who_it_is() -> None:
    told = about()
    assert told["process"] == PROCESS
    assert {"poc", "python", "websockets", "uvloop", "distributed"} == set(told["versions"])
