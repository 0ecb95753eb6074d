"""The verdict on each claim: its check, the steps that name it, and its control together.

Never lets a check's own failure pass for anything but an error.
"""

from dataclasses import dataclass

from poc_cli.judge.checks import CHECKS, JUDGES_ITS_STEPS
from poc_cli.judge.finding import Finding, Verdict, error, held, refuted, unknown, worst
from poc_cli.judge.proof import asks_for_sleep, proven_sleeps
from poc_cli.judge.record import PlayRecord, StepRecord
from poc_cli.scenario.model import Claim

_UNDECIDED = frozenset({"no_sleep", "wrong_object", "woken"})
"""Failures of a step that say nothing about the claim it names: its sleep did not come, or was over before."""


@dataclass(frozen=True, slots=True)
class ControlFinding:
    """How the claim's control came out; `as_expected` is None where it was not played."""

    verdict: Verdict | None
    expected: Verdict
    as_expected: bool | None
    reason: str


@dataclass(frozen=True, slots=True)
class ClaimFinding:
    """The whole finding on a claim."""

    claim: Claim
    finding: Finding
    control: ControlFinding | None


def judge_story(story: PlayRecord, controls: list[PlayRecord], flaw: str | None) -> list[ClaimFinding]:
    """Give the findings on all claims of a scenario, in its order; `flaw` says why the record of the run is not whole.

    A check that breaks becomes an error. Raises ScenarioError where the recorded scenario cannot be read.
    """
    return [_judge(story, controls, claim, flaw) for claim in story.scenario.document.claim]


def _judge(story: PlayRecord, controls: list[PlayRecord], claim: Claim, flaw: str | None) -> ClaimFinding:
    finding = judge_claim(story, claim)
    if claim.control is None:
        return ClaimFinding(claim, finding, None)
    played = next((play for play in controls if claim.id in play.start.data["decides"]), None)
    expected: Verdict = claim.control.expect
    if played is None and flaw is not None:
        # Its record may be what is missing, so that nobody knows how it came out.
        control = ControlFinding("error", expected, None, flaw)
        return ClaimFinding(claim, _with_control(finding, control), control)
    if played is None:
        return ClaimFinding(claim, finding, ControlFinding(None, expected, None, "was not played"))
    outcome = judge_claim(played, claim)
    as_expected = outcome.verdict == expected and not (expected == "unknown" and _missed_its_point(played))
    control = ControlFinding(outcome.verdict, expected, as_expected, outcome.reason)
    return ClaimFinding(claim, _with_control(finding, control), control)


def _missed_its_point(control: PlayRecord) -> bool:
    """Whether a control ended at a step that has nothing to do with its change.

    It should come out `unknown` because its object did not sleep. One that stumbled over another precondition is
    unknown too, and shows nothing.
    """
    if control.outcome != "stopped":
        return False
    return control.steps[-1].failure != "no_sleep"


def _with_control(finding: Finding, control: ControlFinding) -> Finding:
    if control.verdict == "error":
        return worst([finding, error(f"the control could not be played: {control.reason}")])
    if control.as_expected or finding.verdict != "held":
        return finding
    if control.verdict == control.expected:
        return unknown(f"the control ended before its point: {control.reason}", finding.evidence)
    return unknown(
        f"the control did not fail: it should be {control.expected} and is {control.verdict} ({control.reason})",
        finding.evidence,
    )


def judge_claim(play: PlayRecord, claim: Claim) -> Finding:
    """Give the finding on one claim in one play."""
    if play.outcome not in {"done", "stopped"}:
        return error(f"the play could not be carried out: {play.ending}")
    try:
        return worst(_findings(play, claim))
    except Exception as broken:  # noqa: BLE001 - a check that throws is an error, never a pass
        return error(f"the check itself failed: {type(broken).__name__}: {broken}")


def _findings(play: PlayRecord, claim: Claim) -> list[Finding]:
    findings = [CHECKS[claim.check](play, claim)] if claim.check is not None else []
    if claim.check in JUDGES_ITS_STEPS:
        return findings
    begun = [step for step in play.steps if step.claim == claim.id]
    findings += [_step(play, claim, step) for step in begun if not _is_wanted_failure(claim, step)]
    named = sum(placed.step.claim == claim.id for placed in play.play.steps)
    if len(begun) < named:
        findings.append(unknown(f"the play ended before a step of this claim: {play.ending}"))
    return findings


def _is_wanted_failure(claim: Claim, step: StepRecord) -> bool:
    """Whether a sleep failed to come that the claim says will not: that is for its check to judge."""
    return claim.check == "stays-awake" and step.failure == "no_sleep"


def _step(play: PlayRecord, claim: Claim, step: StepRecord) -> Finding:
    """Judge a step that names the claim; in and after a `hibernate` step rule 1 comes first."""
    closed_before = step.verb == "close" and step.failure == "closed"
    if step.failure in _UNDECIDED or closed_before:
        return unknown(step.reason, (step.end_id,))
    if step.ended is None:
        return unknown(f"the play broke off in a step of this claim: {play.ending}")
    sleeps_itself = step.verb == "hibernate"
    if asks_for_sleep(play, before_step=step.index + sleeps_itself) and claim.check != "stays-awake":
        found = proven_sleeps(play, claim, before=step.end_id if sleeps_itself else step.begun.id)
        if isinstance(found, Finding):
            return found
    if step.ok:
        answers = [answer["event"] for answer in step.told("answered").values()]
        return held(
            f"the {step.verb} step at line {step.begun.data['line']} came out as expected", [*answers, step.end_id]
        )
    return refuted(f"the {step.verb} step at line {step.begun.data['line']}: {step.reason}", (step.end_id,))
