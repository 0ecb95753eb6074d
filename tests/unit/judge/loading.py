"""Literal histories of loads: four sockets in two rooms that sleep once and are woken, as it should be, and changed."""

from typing import Any

from poc_cli.history import event as kinds
from poc_cli.record.latency import Latency
from poc_cli.record.load_stage import StageResult
from poc_cli.scenario.loader import text_sha256
from tests.unit.judge.histories import FILE, History

TEXT = """
name   = "crowd"
title  = "Four sockets in two rooms."
object = { class = "Room", name = "{play}-{room}" }

[load]
sockets = 4
rooms   = 2
path    = "/room/{play}-{room}?name={i}"
stages  = [{ ramp = "1s" }, { sleep = "natural" }, { storm = "all" }]

[[claim]]
id    = "opens"
says  = "All open."
check = "load-opens"

[[claim]]
id    = "sleeps"
says  = "All sleep."
check = "load-sleeps"

[[claim]]
id    = "survive"
says  = "All survive."
check = "load-sockets-survive"

[[claim]]
id    = "whole"
says  = "Nothing is lost."
check = "load-nothing-lost"
"""

ALL = [[0, 3]]
NO_FATES: dict[str, Any] = {"open": [], "dropped": [], "failed": [], "left": [], "never_asked": [], "unknown": []}
FATES = NO_FATES | {"open": ALL}


def latency(*seconds: float) -> str:
    """Return an encoded histogram."""
    found = Latency()
    for each in seconds:
        found.record(each)
    return found.encoded()


def ramp(**more: Any) -> Any:
    """Return the stage in which all four opened."""
    usual = {"opened": 4, "latencies": {"open": latency(0.001, 0.002, 0.003, 0.004)}}
    return _stage(0, "ramp", "", **usual | more)


def sleep(how: str = "natural", **more: Any) -> Any:
    """Return the stage in which both rooms were left alone, each telling its instance twice before."""
    told = [[room, 2 * room + number, f"before-{room}", False] for room in (0, 1) for number in (0, 1)]
    usual = {"sent": 4, "due": 4, "came": 4, "quiet_ms": 13_001.0, "open": ALL, "told": told}
    return _stage(1, "sleep", how, **usual | more)


def storm(**more: Any) -> Any:
    """Return the stage in which all four spoke, and both rooms told another instance twice."""
    told = [[room, 2 * room + number, f"after-{room}", True] for room in (0, 1) for number in (0, 1)]
    latencies = {"answer": latency(0.01, 0.02, 0.03, 0.04)}
    usual = {"sent": 8, "due": 8, "came": 8, "reached_ms": 41.0, "answered": ALL, "told": told, "latencies": latencies}
    return _stage(2, "storm", "all", **usual | more)


def _stage(index: int, verb: str, how: str, **more: Any) -> Any:
    return StageResult(index, verb, how, 1, began_ms=1000.0 * index, ended_ms=1000.0 * index + 500, **more).as_json()


def drop(*sockets: int, code: int = 1012, reason: str = "restarted", by: str = "server") -> list[Any]:
    """Return connections that ended so."""
    return [{"code": code, "reason": reason, "by": by, "sockets": [[index, index] for index in sockets]}]


def loss(why: str, *sockets: int) -> list[Any]:
    """Return arrivals that are lost, one at each socket."""
    return [{"why": why, "count": len(sockets), "sockets": [[index, index] for index in sockets]}]


def load_history(
    *stages: dict[str, Any], fates: dict[str, Any] | None = None, outcome: str = "done", text: str = TEXT
) -> History:
    """Return the history of a run that is this load."""
    history = History()
    plan = {
        "sockets": 4,
        "rooms": 2,
        "stages": [{"verb": verb, "how": how} for verb, how in (("ramp", ""), ("sleep", "natural"), ("storm", "all"))],
    }
    history.add(
        "crowd",
        "poc",
        kinds.PLAY_START,
        scenario="crowd",
        file=FILE,
        text=text,
        sha256=text_sha256(text),
        role="load",
        decides=[],
        nonce="abc",
        plan=plan,
        limit=20_000,
        load_average=0.5,
    )
    uses = {"client": {"rss": 50 << 20, "cpu": 0.5, "files": 20}, "runtime": {"rss": 60 << 20, "cpu": 0.1, "files": 30}}
    history.add("crowd", "poc", kinds.LOAD_SAMPLE, stage="ramp", open=0, sent=0, came=0, uses=uses)
    for stage in stages or (ramp(), sleep(), storm()):
        history.add("crowd", "poc", kinds.LOAD_STAGE, **stage)
    more = {"client": {"rss": 52 << 20, "cpu": 0.9, "files": 24}, "runtime": {"rss": 70 << 20, "cpu": 0.4, "files": 44}}
    history.add("crowd", "poc", kinds.LOAD_SAMPLE, stage="storm all", open=4, sent=8, came=8, uses=more)
    history.add("crowd", "poc", kinds.LOAD_FATES, **(FATES if fates is None else fates))
    history.add("crowd", "poc", kinds.PLAY_END, outcome=outcome, reason="" if outcome == "done" else "it broke off")
    return history


def judged(*stages: dict[str, Any], fates: dict[str, Any] | None = None, outcome: str = "done") -> Any:
    """Judge such a run."""
    return load_history(*stages, fates=fates, outcome=outcome).end().judged()
