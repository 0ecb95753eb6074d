"""Results of shards merge by adding, and a lost shard leaves its sockets unknown."""

import json

import pytest

from poc_cli.load.plan import plan_of
from poc_cli.load.sharding import shards
from poc_cli.record.latency import Latency, decoded
from poc_cli.record.load_stage import ShardResult, StageResult, from_json, lost_shard, merged, no_fates
from poc_cli.record.ranges import Ranges
from poc_cli.scenario.load_model import LoadTable


def latency(*seconds: float) -> str:
    found = Latency()
    for each in seconds:
        found.record(each)
    return found.encoded()


def stage(index: int, sockets: Ranges, **more: object) -> StageResult:
    found = StageResult(index, "storm", "all", 1, began_ms=10.0 * index, ended_ms=10.0 * index + 5)
    found.answered = sockets
    for name, value in more.items():
        setattr(found, name, value)
    return found


def result(number: int, stages: list[StageResult], open_: Ranges) -> ShardResult:
    return ShardResult([number], stages, {**no_fates(), "open": open_})


def test_numbers_histograms_and_sockets_are_added() -> None:
    one = stage(0, [[0, 1]], sent=2, due=3, came=3, latencies={"answer": latency(0.1, 0.2)}, lag_ms=4.0)
    other = stage(0, [[2, 3]], sent=2, due=2, came=1, latencies={"answer": latency(0.3)}, lag_ms=9.0)
    other.losses = [{"why": "unanswered", "count": 1, "sockets": [[3, 3]]}]
    whole = merged([result(0, [one], [[0, 1]]), result(1, [other], [[2, 3]])])
    (found,) = whole.stages
    assert whole.shards == [0, 1]
    assert (found.sent, found.due, found.came, found.lag_ms) == (4, 5, 4, 9.0)
    assert found.answered == [[0, 3]]
    assert found.losses == [{"why": "unanswered", "sockets": [[3, 3]], "count": 1}]
    assert decoded(found.latencies["answer"]).n == 3
    assert whole.fates["open"] == [[0, 3]]


def test_losses_of_one_kind_are_one_and_others_stay_apart() -> None:
    parts = [stage(0, []), stage(0, [])]
    parts[0].losses = [{"why": "unanswered", "count": 2, "sockets": [[0, 1]]}]
    parts[1].losses = [
        {"why": "unanswered", "count": 3, "sockets": [[5, 5]]},
        {"why": "ended first", "count": 1, "sockets": [[6, 6]]},
    ]
    (found,) = merged([result(0, parts[:1], []), result(1, parts[1:], [])]).stages
    assert found.losses == [
        {"why": "unanswered", "sockets": [[0, 1], [5, 5]], "count": 5},
        {"why": "ended first", "sockets": [[6, 6]], "count": 1},
    ]


def test_the_quiet_of_all_is_that_of_the_least_quiet() -> None:
    parts = [stage(0, [], quiet_ms=13_000.0, reached_ms=10.0), stage(0, [], quiet_ms=12_000.0, reached_ms=70.0)]
    (found,) = merged([result(0, parts[:1], []), result(1, parts[1:], [])]).stages
    assert (found.quiet_ms, found.reached_ms) == (12_000.0, 70.0)


def test_of_a_lost_shard_nothing_is_known() -> None:
    table = LoadTable.model_validate({"sockets": 10, "path": "/", "stages": [{"ramp": "1s"}]})
    whole = shards(plan_of(table), 2, play="abc")
    found = merged([result(0, [stage(0, [])], [[0, 4]]), lost_shard(1, whole[1].indexes, "its machine is gone")])
    assert found.fates["unknown"] == [[5, 9]]
    assert (found.outcome, found.reason) == ("lost", "its machine is gone")


def test_drops_that_are_alike_are_one() -> None:
    drops = [[{"code": 1012, "reason": "bye", "by": "server", "sockets": [[index, index]]}] for index in (0, 1)]
    parts = [ShardResult([index], [], {**no_fates(), "dropped": each}) for index, each in enumerate(drops)]
    assert merged(parts).fates["dropped"] == [{"code": 1012, "reason": "bye", "by": "server", "sockets": [[0, 1]]}]


def test_it_comes_back_from_json() -> None:
    whole = result(0, [stage(0, [[0, 1]], latencies={"answer": latency(0.1)})], [[0, 1]])
    assert from_json(json.loads(json.dumps(whole.as_json()))) == whole


def test_no_shard_is_no_result() -> None:
    with pytest.raises(ValueError, match="no shard"):
        merged([])
