"""The figures of a load: its stages and their latencies, the resources of its processes, the outcome of its sockets."""

from statistics import median
from typing import Any, Final

from poc_cli.judge.document_types import Figure, LoadDocument, LoadProcess, LoadStageDocument
from poc_cli.judge.load.load_sleeps import rooms_at
from poc_cli.record.latency import Latency, decoded
from poc_cli.record.load_record import LoadRecord
from poc_cli.record.load_stage import StageResult
from poc_cli.record.ranges import count, indexes

Document = dict[str, Any]

FIGURES: Final = {"open": "opening_ms", "answer": "storm_ms", "delivery": "broadcast_ms", "chat": "chat_ms"}
"""The histograms that run.json has as figures, and their names there."""

_KIB: Final = 1024

_ENOUGH: Final = 500
"""How many sockets must be open to compute the memory of one; with fewer, the process's own memory counts too much."""


def section(load: LoadRecord) -> LoadDocument:
    """Return the entry of one load in `load` of run.json."""
    data = load.play.start.data
    return {
        "scenario": data["scenario"],
        "sockets": load.sockets,
        "rooms": load.rooms,
        "sockets_held": sockets_held(load),
        "stages": [stage_of(each.result) for each in load.stages],
        "fates": load.fates,
        "messages": _messages(load),
        "processes": _processes(load),
        "cluster": cluster_section(load),
        "file_limit": data.get("limit"),
        "load_average": data.get("load_average"),
    }


def sockets_held(load: LoadRecord) -> int:
    """Return the most sockets of one room that were open at a proven sleep and were all answered after the wake."""
    most = 0
    for phase in load.sleep_phases():
        slept = {room.room for room in rooms_at(load, phase) if room.slept}
        answered = indexes(phase.storm.result.answered) if phase.storm is not None else set()
        for room, mine in load.by_room(phase.sleep.result.open).items():
            if room in slept and mine <= answered:
                most = max(most, len(mine))
    return most


def latencies(load: LoadRecord) -> dict[str, Latency]:
    """Return the latencies of each kind, of all stages together."""
    found: dict[str, Latency] = {}
    for stage in load.stages:
        for name, text in stage.result.latencies.items():
            found.setdefault(name, Latency()).add(decoded(text))
    return found


def figures(load: LoadRecord) -> dict[str, Figure]:
    """Return the figures of a load for run.json, with samples of the values."""
    found: dict[str, Figure] = {}
    for name, latency in latencies(load).items():
        if name not in FIGURES or not latency.n:
            continue
        spread = latency.spread()
        found[FIGURES[name]] = {
            "n": latency.n,
            "min": round(spread["min"], 3),
            "median": round(spread["p50"], 3),
            "p90": round(spread["p90"], 3),
            "p99": round(spread["p99"], 3),
            "max": round(spread["max"], 3),
            "lag_ms": max(stage.result.lag_ms for stage in load.stages if name in stage.result.latencies),
            "samples": {str(load.play.start.data["scenario"]): latency.samples()},
        }
    return found


def cluster_section(load: LoadRecord) -> dict[str, Any] | None:
    """Return the cluster of a load for run.json, None if one process played it."""
    if load.cluster is None:
        return None
    cluster = {name: load.cluster.data[name] for name in ("scheduler", "workers")}
    return cluster | {"lost": [event.data for event in load.lost]}


def stage_of(result: StageResult) -> LoadStageDocument:
    """Return one stage for run.json."""
    seconds = (result.ended_ms - result.began_ms) / 1000
    spreads = {name: decoded(text).spread() for name, text in result.latencies.items()}
    return {
        "verb": result.verb,
        "how": result.how,
        "round": result.round,
        "outcome": result.outcome,
        "seconds": round(seconds, 3),
        "opened": result.opened,
        "failed": result.failed,
        "left": result.left,
        "dropped": sum(count(group["sockets"]) for group in result.dropped),
        "sent": result.sent,
        "due": result.due,
        "came": result.came,
        "lost": result.due - result.came,
        "lag_ms": result.lag_ms,
        "quiet_ms": None if result.quiet_ms is None else round(result.quiet_ms, 3),
        "reached_ms": None if result.reached_ms is None else round(result.reached_ms, 3),
        "latency_ms": {
            name: {key: round(value, 3) for key, value in spread.items()} for name, spread in spreads.items()
        },
    }


def _messages(load: LoadRecord) -> Document:
    names = ("sent", "due", "came", "late", "strays", "foreign", "unmarked", "unsent")
    added = {name: sum(getattr(stage.result, name) for stage in load.stages) for name in names}
    losses = [{"stage": stage.result.index + 1, **loss} for stage in load.stages for loss in stage.result.losses]
    return added | {"lost": added["due"] - added["came"], "losses": losses}


def _processes(load: LoadRecord) -> list[LoadProcess]:
    """Return the resources of each process: before the first socket, at most, and for each socket."""
    names = sorted({name for sample in load.samples for name in sample.data["uses"]})
    return [_process(load, name) for name in names]


def _process(load: LoadRecord, name: str) -> LoadProcess:
    uses = [(sample, sample.data["uses"][name]) for sample in load.samples if name in sample.data["uses"]]
    first, last = uses[0][1], uses[-1][1]
    seconds = (uses[-1][0].t_ns - uses[0][0].t_ns) / 1e9
    each = [
        (use["rss"] - first["rss"]) / sample.data["open"]
        for sample, use in uses
        if sample.data["open"] >= max(_ENOUGH, load.sockets / 2)
    ]
    return {
        "name": name,
        "mib_before": round(first["rss"] / _KIB**2, 1),
        "mib_most": round(max(use["rss"] for _, use in uses) / _KIB**2, 1),
        "kib_a_socket": round(median(each) / _KIB, 1) if each else None,
        "cpu_seconds": round(last["cpu"] - first["cpu"], 2),
        "cpu_share": round((last["cpu"] - first["cpu"]) / seconds, 3) if seconds > 0 else None,
        "files_most": max(use["files"] for _, use in uses),
    }
