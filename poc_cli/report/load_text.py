"""A load as text: its stages, the fates of its sockets, its messages and what its processes used."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from poc_cli.inert import inert
from poc_cli.judge.document_types import LoadDocument, LoadProcess, LoadStageDocument
from poc_cli.record.ranges import count, words
from poc_cli.report.styled import Line, span

_LISTED: Final = 5
"""Groups of sockets listed per fate; the rest is counted, as a server may refuse each socket with another reason."""

_KINDS: Final = {
    "open": "handshake",
    "wake": "first reply",
    "answer": "reply",
    "delivery": "broadcast received",
    "roll": "roll call",
    "chat": "reply",
}
"""What each histogram measures, in the order of the report."""

_SHORT: Final = "  {:<18}"


def lines(section: LoadDocument) -> list[Line]:
    """Return a load's section of run.json as lines."""
    head: Line = [span("load", "bold"), span(f"  {heading(section)}")]
    return [head, *([span(_SHORT.format(name)), span(text)] for name, text in rows(section)), []]


def heading(section: LoadDocument) -> str:
    """Return the size of a load and its circumstances."""
    rooms = f"{section['rooms']:,} room{'s' * (section['rooms'] > 1)}"
    return f"{section['sockets']:,} sockets in {rooms}{_circumstances(section)}"


def rows(section: LoadDocument) -> Iterator[tuple[str, str]]:
    """Yield a name and a text for each stage, each fate of sockets, the messages, the processes and the cluster."""
    for stage in section["stages"]:
        outcome = "" if stage["outcome"] == "done" else f"; {stage['outcome']}"
        yield f"{stage['verb']} {stage['how']}".strip(), stage_summary(stage) + outcome
    yield from fates(section["fates"])
    yield "messages", messages(section["messages"])
    for each in section["processes"]:
        yield each["name"], process(each)
    yield from cluster(section.get("cluster"))


def cluster(section: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    """Yield the workers of a cluster and those that were lost; nothing if one process ran the load."""
    if section is None:
        return
    error = max(each["clock_error_ms"] for each in section["workers"])
    hosts = len({each["host"] for each in section["workers"]})
    where = f"{len(section['workers'])} workers on {hosts} machine{'s' * (hosts > 1)}"
    yield "cluster", f"{where}, scheduler {section['scheduler']}; clock error at most {error:.1f} ms"
    for each in section["lost"]:
        yield "lost", f"{inert(each['worker'])} with {words(each['sockets'])}: {inert(each['why'])}"


def _circumstances(section: LoadDocument) -> str:
    parts = []
    if section["file_limit"] is not None:
        parts.append(f"file limit {section['file_limit']:,}")
    if section["load_average"] is not None:
        parts.append(f"load average {section['load_average']:g} at the start")
    return f" ({', '.join(parts)})" if parts else ""


def stage_summary(stage: LoadStageDocument) -> str:
    """Return the duration of a stage, its counts and its latencies."""
    parts = [f"{stage['seconds']:.1f} s"]
    parts += [f"{stage[name]:,} {name}" for name in ("opened", "left", "failed", "dropped") if stage[name]]
    if stage["sent"]:
        parts.append(f"{stage['sent']:,} sent, {stage['came']:,} of {stage['due']:,} received")
    if stage["reached_ms"] is not None:
        parts.append(f"all received within {stage['reached_ms'] / 1000:.2f} s")
    if stage["quiet_ms"] is not None:
        parts.append(f"{stage['quiet_ms'] / 1000:.1f} s idle")
    parts += [_latency(name, stage["latency_ms"][name]) for name in _KINDS if name in stage["latency_ms"]]
    return ", ".join(parts)


def _latency(name: str, spread: Mapping[str, float]) -> str:
    if spread["n"] == 1:
        return f"{_KINDS[name]} after {spread['max']:.1f} ms"
    return f"{_KINDS[name]} p50 {spread['p50']:.1f} p99 {spread['p99']:.1f} max {spread['max']:.1f} ms"


def fates(section: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each fate that sockets had at the end: how many and which."""
    plain = {
        "open": "open at the end",
        "left": "left",
        "never_asked": "never tried",
        "unknown": "unknown",
    }
    yield plain["open"], _some(section["open"])
    for group in section["dropped"][:_LISTED]:
        reason = f" {group['reason']!r}" if group["reason"] else ""
        yield "dropped", f"{_some(group['sockets'])}: {group['code']}{inert(reason)}, closed by {_closer(group['by'])}"
    for group in section["failed"][:_LISTED]:
        yield "not opened", f"{_some(group['sockets'])}: {inert(group['error'])}"
    for name in ("dropped", "failed"):
        rest = section[name][_LISTED:]
        if rest:
            yield name, f"{sum(count(group['sockets']) for group in rest):,} more in {len(rest)} other ways"
    for name in ("left", "never_asked", "unknown"):
        if section[name]:
            yield plain[name], _some(section[name])


def _closer(by: str) -> str:
    return {"nobody": "nobody (the connection broke)"}.get(by, f"the {by}")


def _some(ranges: Sequence[Sequence[int]]) -> str:
    return f"{count(ranges):,} ({words(ranges)})" if ranges else "0"


def messages(section: Mapping[str, Any]) -> str:
    """Return the counts of messages: those expected are those received and those lost, which are listed."""
    expected = f"{section['due']:,} expected = {section['came']:,} received + {section['lost']:,} lost"
    parts = [f"{section['sent']:,} sent, {expected}"]
    parts += [
        f"stage {loss['stage']}: {loss['count']:,} {loss['why']} at {words(loss['sockets'])}"
        for loss in section["losses"][:_LISTED]
    ]
    if section["losses"][_LISTED:]:
        rest = section["losses"][_LISTED:]
        parts.append(f"{sum(loss['count'] for loss in rest):,} more in {len(rest)} other ways")
    names = {
        "late": "received late",
        "strays": "unexpected",
        "unsent": "not sent, as their socket was closed",
        "foreign": "received from other shards",
    }
    parts += [f"{section[name]:,} {text}" for name, text in names.items() if section[name]]
    return "; ".join(parts)


def process(usage: LoadProcess) -> str:
    """Return the memory, CPU time and descriptors that a process used."""
    each = "" if usage["kib_a_socket"] is None else f" ({usage['kib_a_socket']:.1f} KiB per socket)"
    share = "" if usage["cpu_share"] is None else f" ({100 * usage['cpu_share']:.0f} % of a core)"
    memory = f"{usage['mib_before']:.0f} to {usage['mib_most']:.0f} MiB{each}"
    return f"{memory}, {usage['cpu_seconds']:.1f} s of CPU time{share}, {usage['files_most']:,} descriptors"
