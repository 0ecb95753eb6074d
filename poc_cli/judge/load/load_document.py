"""Judge one load: the findings on its claims, its section of run.json, and its figures."""

from dataclasses import dataclass, field
from typing import Any

from poc_cli.judge.claims import ClaimFinding
from poc_cli.judge.document_types import Figure, LoadDocument
from poc_cli.judge.finding import Finding, error, unknown
from poc_cli.judge.load.load_checks import LOAD_CHECKS
from poc_cli.judge.load.load_figures import figures, section
from poc_cli.record.load_record import AccountError, LoadRecord, load_of
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.ranges import words
from poc_cli.scenario.model import Claim

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LoadFindings:
    """The results of one load; `section` and `figures` are empty if its numbers do not add up."""

    findings: list[ClaimFinding]
    section: LoadDocument | None
    figures: dict[str, Figure] = field(default_factory=dict)


def judge_load(play: PlayRecord) -> LoadFindings:
    """Judge all claims of a load. Raises ScenarioError if the recorded scenario cannot be read."""
    claims = play.scenario.document.claim
    broken = "" if play.outcome == "done" else f"the load failed: {play.ending}"
    load: LoadRecord | None = None
    try:
        load = load_of(play)
    except (AccountError, KeyError, TypeError, ValueError) as refused:
        broken = broken or f"the recorded numbers do not add up: {refused}"
    found = [error(broken) if load is None or broken else _judged(load, claim) for claim in claims]
    own = [ClaimFinding(claim, each, None, (each,)) for claim, each in zip(claims, found, strict=True)]
    return LoadFindings(own, None) if load is None else LoadFindings(own, section(load), figures(load))


def _judged(load: LoadRecord, claim: Claim) -> Finding:
    try:
        return limit_to_known(load, LOAD_CHECKS[str(claim.check)].function(load))
    except Exception as broken:  # noqa: BLE001 - a check that throws is an error, never a pass
        return error(f"the check itself failed: {type(broken).__name__}: {broken}")


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
