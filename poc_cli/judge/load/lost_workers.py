"""Limit the findings on a load whose cluster lost workers, because nothing is known about their sockets."""

from typing import Any

from poc_cli.judge.finding import Finding, unknown
from poc_cli.record.load_record import LoadRecord
from poc_cli.record.ranges import words


def limit_to_known(load: LoadRecord, finding: Finding) -> Finding:
    """Return the finding on the whole load: `unknown` if sockets are missing, but a refutation stays."""
    missing = load.fates["unknown"]
    if not missing or finding.verdict in {"refuted", "error"}:
        return finding
    reason = f"nothing is known about {words(missing)}{_why(load)}"
    if finding.verdict == "unknown":
        reason = f"{reason}; and {finding.reason}"
    return unknown(reason, (*(event.id for event in load.lost), *finding.evidence))


def _why(load: LoadRecord) -> str:
    if not load.lost:
        return ""
    named = "; ".join(f"{event.data['worker']}: {event.data['why']}" for event in load.lost)
    noun = "its worker is" if len(load.lost) == 1 else f"{len(load.lost)} workers are"
    return f", {noun} lost ({named})"


def section(load: LoadRecord) -> dict[str, Any] | None:
    """Return the cluster of a load for run.json, None if one process played it."""
    if load.cluster is None:
        return None
    cluster = {name: load.cluster.data[name] for name in ("scheduler", "workers")}
    return cluster | {"lost": [event.data for event in load.lost]}
