"""The result of a run as a whole: its exit code, its verdict and its counts."""

from collections import Counter

from poc_cli.exit_codes import ExitCode
from poc_cli.judge.document_types import ClaimDocument, Counts, ScenarioDocument
from poc_cli.judge.finding import Verdict
from poc_cli.record.run_record import RunRecord


def _passes(claim: ClaimDocument) -> bool:
    """Return whether a claim is as expected: held, or refuted by a defect that is known on this target."""
    if claim["known"] == "refuted":
        return claim["verdict"] == "refuted"
    return claim["verdict"] == "held"


def exit_code(run: RunRecord, scenarios: list[ScenarioDocument]) -> ExitCode:
    """Return the exit code: failed before refuted before inconclusive before held."""
    claims = [claim for scenario in scenarios for claim in scenario["claims"]]
    played = [scenario for scenario in scenarios if scenario["left_out"] is None]
    if run.flaw is not None or any(scenario["verdict"] == "error" for scenario in played):
        return ExitCode.FAILED
    if any(claim["verdict"] == "error" for claim in claims):
        return ExitCode.FAILED
    if any(claim["verdict"] in {"refuted", "held"} and not _passes(claim) for claim in claims):
        return ExitCode.REFUTED
    named_left_out = run.start.get("named", False) and any(scenario["left_out"] for scenario in scenarios)
    stopped = any(scenario["stopped"] for scenario in played)
    if not claims or stopped or named_left_out or any(not _passes(claim) for claim in claims):
        return ExitCode.INCONCLUSIVE
    return ExitCode.HELD


_VERDICTS: dict[ExitCode, Verdict] = {
    ExitCode.HELD: "held",
    ExitCode.REFUTED: "refuted",
    ExitCode.FAILED: "error",
    ExitCode.INCONCLUSIVE: "unknown",
}


def verdict(exit_code: ExitCode) -> Verdict:
    """Return the verdict of an exit code."""
    return _VERDICTS[exit_code]


def counts(scenarios: list[ScenarioDocument]) -> Counts:
    """Return the number of claims by verdict, and of scenarios and claims that were left out."""
    counted = Counter(claim["verdict"] for scenario in scenarios for claim in scenario["claims"])
    # A scenario whose play broke before any claim could be judged still counts as an error.
    counted["error"] += sum(scenario["verdict"] == "error" and not scenario["claims"] for scenario in scenarios)
    left_out = sum(scenario["left_out"] is not None for scenario in scenarios)
    claims = sum(len(scenario.get("left_out_claims", ())) for scenario in scenarios)
    return {
        "held": counted["held"],
        "refuted": counted["refuted"],
        "unknown": counted["unknown"],
        "error": counted["error"],
        "left_out": left_out,
        "claims_left_out": claims,
    }
