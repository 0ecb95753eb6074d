"""What a lost worker does to a verdict: what holds of the sockets that were told of is not known of all."""

from typing import Any

from poc_cli.judge.finding import Finding, unknown
from poc_cli.record.load_record import LoadRecord
from poc_cli.record.ranges import words


def as_far_as_known(load: LoadRecord, finding: Finding) -> Finding:
    """Return a finding about the whole load. A refutation stays: what was seen was seen."""
    missing = load.fates["unknown"]
    if not missing or finding.verdict in {"refuted", "error"}:
        return finding
    reason = f"of {words(missing)} nothing is known{_why(load)}"
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
    """Return what run.json says of the cluster that carried a load out, None where one process did."""
    if load.cluster is None:
        return None
    told = {name: load.cluster.data[name] for name in ("scheduler", "workers")}
    return told | {"lost": [event.data for event in load.lost]}
