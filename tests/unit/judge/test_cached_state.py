"""What an object may have read from a cache has not survived."""

import pytest

from poc_cli.history import event as kinds
from tests.unit.judge.histories import finding, scenario, tale

CONNECT = '{ connect = ["ann"] }'
READ = '{ on = "ann", send = { op = "get" }, expect = { value = 1 } }'
LATER = READ[:-2] + ', claim = "it" }'
SLEEP = '{ hibernate = "evict" }'


@pytest.mark.parametrize(
    ("name", "after", "verdict"),
    [("cache_match", True, "unknown"), ("cache_match", False, "held"), ("setTimeout", True, "held")],
)
def test_state_is_held_only_where_no_cache_was_read_after_the_sleep(name: str, verdict: str, *, after: bool) -> None:
    told = tale(scenario("storage-survives", [CONNECT, READ, SLEEP, LATER]))
    told.connect()
    if not after:
        told.add("object:object", kinds.TIMED, name=name, process=1, ctx=1)
    told.says({"value": 1})
    told.sleeps("evict")
    if after:
        told.add("object:object", kinds.TIMED, name=name, process=1, ctx=2)
    told.says({"value": 1})
    judged = finding(told.done())
    assert judged["verdict"] == verdict, judged["reason"]
    assert ("read a cache after it had left memory" in judged["reason"]) == (verdict == "unknown")
