"""Parts that do not speak with each other keep together; what they cannot know in common is not told."""

import pytest

from poc_cli.errors import UsageError
from poc_cli.load.cluster.barrier import APART_SECONDS, behind, in_step, sharing, with_common_quiet
from poc_cli.load.plan import Plan, Step, template
from poc_cli.load.sharding import shards
from poc_cli.record.load_stage import ShardResult, StageResult, lost_shard, merged, no_fates


def _plan(*stages: Step, sockets: int = 6, rooms: int = 1) -> Plan:
    message = template("{mark}")
    return Plan(sockets, rooms, "/", (), stages, message, message, message, None)


def _slept(shard: int, began: float, ended: float, quiet: float) -> ShardResult:
    ramp = StageResult(0, "ramp", "", 1, 0.0, began)
    sleep = StageResult(1, "sleep", "natural", 1, began, ended, quiet_ms=quiet)
    return ShardResult([shard], [ramp, sleep], no_fates())


def test_rooms_are_left_alone_a_little_longer_and_nothing_else_changes() -> None:
    ramp, sleep = Step("ramp", 1.0), Step("sleep", 13.0, "natural")
    changed = in_step(_plan(ramp, sleep))
    assert changed.stages == (ramp, Step("sleep", 13.0 + APART_SECONDS, "natural"))


def test_nobody_there_can_evict() -> None:
    with pytest.raises(UsageError, match="--sleep natural"):
        in_step(_plan(Step("sleep", 0.0, "evict")))


def test_a_sleep_has_time_beyond_its_own_so_that_a_storm_does_not_meet_its_end() -> None:
    sleep = Step("sleep", 13.0, "natural")
    assert sleep.longest > sleep.seconds


def test_rooms_are_shared_where_there_are_fewer_than_parts() -> None:
    assert sharing(_plan(rooms=2), 3)
    assert not sharing(_plan(rooms=3), 3)


def test_the_quiet_of_a_shared_room_is_what_all_had_at_one_time() -> None:
    # The second began 0.4 s later, so for 0.4 s at each end one of them may have spoken.
    results = [_slept(0, 1000.0, 15000.0, 14000.0), _slept(1, 1400.0, 15400.0, 14000.0)]
    common = with_common_quiet(results, error=0.01)
    assert [each.stages[1].quiet_ms for each in common] == [13580.0, 13580.0]
    assert merged(common).stages[1].quiet_ms == 13580.0


def test_parts_that_were_quiet_at_different_times_had_no_quiet() -> None:
    results = [_slept(0, 0.0, 14000.0, 14000.0), _slept(1, 20000.0, 34000.0, 14000.0)]
    assert merged(with_common_quiet(results, error=0.0)).stages[1].quiet_ms == 0.0


def test_a_lost_part_has_no_say_in_it() -> None:
    (_, lost) = shards(_plan(), 2, play="p")
    results = [_slept(0, 0.0, 14000.0, 14000.0), lost_shard(lost.number, lost.indexes, "gone")]
    assert [each.stages[1].quiet_ms for each in with_common_quiet(results, error=0.0) if each.stages] == [14000.0]
    assert behind(results) == {}


def test_a_part_that_fell_behind_is_known_with_how_far() -> None:
    results = [
        _slept(0, 1000.0, 15000.0, 14000.0),
        _slept(1, 1900.0, 15900.0, 14000.0),
        _slept(2, 4500.0, 18500.0, 14000.0),
    ]
    assert behind(results) == {2: 3.5}
