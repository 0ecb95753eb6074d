"""A load in lines: each stage while it goes on and afterwards, how all sockets fared, what the processes took."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from poc_cli.inert import inert
from poc_cli.record.ranges import count, words
from poc_cli.report.styled import Line, span

_LISTED: Final = 5
"""Ways in which sockets fared that are listed; of a server that refuses each in other words, the rest is counted."""

_KINDS: Final = {
    "open": "handshake",
    "wake": "first answer",
    "answer": "answer",
    "delivery": "arrival of the broadcast",
    "roll": "roll call",
    "chat": "answer",
}
"""What a histogram is of, in the order in which they are told."""

_SHORT: Final = "  {:<18}"

Document = Mapping[str, Any]


def lines(section: Document) -> list[Line]:
    """Return what a load did and took, from its section of run.json."""
    head: Line = [span("load", "bold"), span(f"  {heading(section)}")]
    return [head, *([span(_SHORT.format(name)), span(told)] for name, told in rows(section)), []]


def heading(section: Document) -> str:
    """Return how large a load was, and what it had to do with."""
    rooms = f"{section['rooms']:,} room{'s' * (section['rooms'] > 1)}"
    return f"{section['sockets']:,} sockets in {rooms}{_circumstances(section)}"


def rows(section: Document) -> Iterator[tuple[str, str]]:
    """Yield what a load did and took: each stage, how the sockets and messages fared, what the processes took."""
    for stage in section["stages"]:
        outcome = "" if stage["outcome"] == "done" else f"; {stage['outcome']}"
        yield f"{stage['verb']} {stage['how']}".strip(), stage_told(stage) + outcome
    yield from fates(section["fates"])
    yield "messages", messages(section["messages"])
    for each in section["processes"]:
        yield each["name"], process(each)
    yield from cluster(section.get("cluster"))


def cluster(told: Document | None) -> Iterator[tuple[str, str]]:
    """Yield which workers carried the load out and which of them are lost; nothing where one process did."""
    if told is None:
        return
    wrong = max(each["clock_error_ms"] for each in told["workers"])
    hosts = len({each["host"] for each in told["workers"]})
    where = f"{len(told['workers'])} workers on {hosts} machine{'s' * (hosts > 1)}"
    yield "cluster", f"{where}, by {told['scheduler']}; their clocks are known to {wrong:.1f} ms"
    for each in told["lost"]:
        yield "lost", f"{inert(each['worker'])} with {words(each['sockets'])}: {inert(each['why'])}"


def _circumstances(section: Document) -> str:
    told = []
    if section["file_limit"] is not None:
        told.append(f"file limit {section['file_limit']:,}")
    if section["load_average"] is not None:
        told.append(f"load average {section['load_average']:g} at the start")
    return f" ({', '.join(told)})" if told else ""


def stage_told(stage: Document) -> str:
    """Return what happened in a stage and how long it took."""
    parts = [f"{stage['seconds']:.1f} s"]
    parts += [f"{stage[name]:,} {name}" for name in ("opened", "left", "failed", "dropped") if stage[name]]
    if stage["sent"]:
        parts.append(f"{stage['sent']:,} sent, {stage['came']:,} of {stage['due']:,} came")
    if stage["reached_ms"] is not None:
        parts.append(f"all within {stage['reached_ms'] / 1000:.2f} s")
    if stage["quiet_ms"] is not None:
        parts.append(f"{stage['quiet_ms'] / 1000:.1f} s of quiet")
    parts += [_latency(name, stage["latency_ms"][name]) for name in _KINDS if name in stage["latency_ms"]]
    return ", ".join(parts)


def _latency(name: str, spread: Mapping[str, float]) -> str:
    if spread["n"] == 1:
        return f"{_KINDS[name]} after {spread['max']:.1f} ms"
    return f"{_KINDS[name]} p50 {spread['p50']:.1f} p99 {spread['p99']:.1f} max {spread['max']:.1f} ms"


def fates(told: Document) -> Iterator[tuple[str, str]]:
    """Yield how the sockets fared in the end: what became of them, how many and which."""
    plain = {
        "open": "open at the end",
        "left": "left",
        "never_asked": "never asked to open",
        "unknown": "unknown",
    }
    yield plain["open"], _some(told["open"])
    for group in told["dropped"][:_LISTED]:
        said = f" {group['reason']!r}" if group["reason"] else ""
        yield "dropped", f"{_some(group['sockets'])}: {group['code']}{inert(said)}, closed by {_closer(group['by'])}"
    for group in told["failed"][:_LISTED]:
        yield "never open", f"{_some(group['sockets'])}: {inert(group['error'])}"
    for name in ("dropped", "failed"):
        rest = told[name][_LISTED:]
        if rest:
            yield name, f"{sum(count(group['sockets']) for group in rest):,} more in {len(rest)} other ways"
    for name in ("left", "never_asked", "unknown"):
        if told[name]:
            yield plain[name], _some(told[name])


def _closer(by: str) -> str:
    return {"nobody": "nobody (the connection broke)"}.get(by, f"the {by}")


def _some(ranges: Sequence[Sequence[int]]) -> str:
    return f"{count(ranges):,} ({words(ranges)})" if ranges else "0"


def messages(told: Document) -> str:
    """Return the account of the messages: what was due is what came and what is lost, by name."""
    parts = [f"{told['sent']:,} sent, {told['due']:,} arrivals due = {told['came']:,} came + {told['lost']:,} lost"]
    parts += [
        f"stage {loss['stage']}: {loss['count']:,} {loss['why']} at {words(loss['sockets'])}"
        for loss in told["losses"][:_LISTED]
    ]
    if told["losses"][_LISTED:]:
        rest = told["losses"][_LISTED:]
        parts.append(f"{sum(loss['count'] for loss in rest):,} more in {len(rest)} other ways")
    names = {
        "late": "came after their time",
        "strays": "came that nobody awaited",
        "unsent": "had no socket to go by",
        "foreign": "came from other shards",
    }
    parts += [f"{told[name]:,} {words_}" for name, words_ in names.items() if told[name]]
    return "; ".join(parts)


def process(told: Document) -> str:
    """Return what a process took."""
    each = "" if told["kib_a_socket"] is None else f" ({told['kib_a_socket']:.1f} KiB a socket)"
    share = "" if told["cpu_share"] is None else f" ({100 * told['cpu_share']:.0f} % of a core)"
    memory = f"{told['mib_before']:.0f} to {told['mib_most']:.0f} MiB{each}"
    return f"{memory}, {told['cpu_seconds']:.1f} s of processor{share}, {told['files_most']:,} descriptors"
