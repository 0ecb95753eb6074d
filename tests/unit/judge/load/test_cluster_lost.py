"""A lost worker leaves no claim held, and makes none refuted."""

from typing import Any, cast

import pytest

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.finding import Finding, held, refuted, unknown
from poc_cli.judge.load.load_document import limit_to_known
from poc_cli.judge.load.load_figures import cluster_section
from poc_cli.judge.load.load_sleeps import rooms_at
from poc_cli.record.load_record import LoadRecord, SleepPhase, StageRecord
from poc_cli.record.load_stage import StageResult, no_fates
from poc_cli.record.ranges import Ranges

_LOST = Event(
    7, "p", 0, "poc", kinds.LOAD_LOST, None, {"worker": "tcp://h:1", "sockets": [[2, 3]], "why": "it is gone"}
)
_CLUSTER = Event(
    3, "p", 0, "poc", kinds.LOAD_CLUSTER, None, {"scheduler": "tcp://h:9", "workers": [], "apart_ms": 1000}
)


def _load(missing: Ranges, *lost: Event, cluster: Event | None = None) -> LoadRecord:
    return LoadRecord(cast("Any", None), 4, 2, (), (), {**no_fates(), "unknown": missing}, None, cluster, lost)


def test_without_a_lost_worker_a_finding_stays() -> None:
    assert limit_to_known(_load([]), held("all")) == held("all")


def test_what_holds_of_the_others_is_unknown_of_all_with_the_worker_named() -> None:
    finding = limit_to_known(_load([[2, 3]], _LOST), held("all 4", [1]))
    told = "nothing is known about sockets 2 to 3, its worker is lost (tcp://h:1: it is gone)"
    assert finding == unknown(told, [7, 1])


def test_what_was_unknown_anyway_keeps_its_own_reason_too() -> None:
    finding = limit_to_known(_load([[2, 3]], _LOST, _LOST), unknown("room 0 is not proven"))
    assert finding.verdict == "unknown"
    assert finding.reason.endswith("; and room 0 is not proven")
    assert "2 workers are lost" in finding.reason


@pytest.mark.parametrize("finding", [refuted("socket 1 was closed"), Finding("error", "broken")])
def test_what_was_seen_of_others_is_not_taken_back(finding: Finding) -> None:
    assert limit_to_known(_load([[2, 3]], _LOST), finding) == finding


def test_sockets_that_are_unknown_without_a_word_are_unknown_too() -> None:
    assert limit_to_known(_load([[2, 3]]), held("all")).reason == "nothing is known about sockets 2 to 3"


def test_the_section_names_the_cluster_and_who_is_lost() -> None:
    assert cluster_section(_load([])) is None
    told = cluster_section(_load([[2, 3]], _LOST, cluster=_CLUSTER))
    assert told == {"scheduler": "tcp://h:9", "workers": [], "lost": [_LOST.data]}


def _awake(missing: Ranges) -> list[bool | None]:
    """Judge two rooms that told the same instance before and after a quiet of 14 s."""
    before = [[room, index, f"instance {room}", False] for room, index in ((0, 0), (0, 1), (1, 2), (1, 2))]
    after = [[room, index, told, True] for room, index, told, _ in before]
    sleep = StageResult(1, "sleep", "natural", 1, 0.0, quiet_ms=14_000.0, open=[[0, 2]], told=before)
    storm = StageResult(2, "storm", "all", 1, 0.0, told=after)
    stages = tuple(StageRecord(_LOST, each) for each in (sleep, storm))
    return [each.slept for each in rooms_at(_load(missing, _LOST), SleepPhase(stages[0], stages[1], stages))]


def test_a_room_is_not_told_awake_where_the_ends_of_lost_sockets_may_have_kept_it_so() -> None:
    assert _awake([]) == [False, False]
    assert _awake([[3, 3]]) == [False, None]
