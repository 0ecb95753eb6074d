"""Judge each claim by its check, the steps that name it, and its control."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from poc_cli.history import event as kinds
from poc_cli.judge.cached_state import unless_from_a_cache
from poc_cli.judge.checks import CHECKS
from poc_cli.judge.checks.black_box_checks import unless_sockets_are_foreign
from poc_cli.judge.checks.residency import kept_awake
from poc_cli.judge.claim_sleeps import objects_of
from poc_cli.judge.finding import Finding, Verdict, error, held, refuted, unknown, worst
from poc_cli.judge.proof import losses_before, proven_before
from poc_cli.judge.recheck import is_rechecked
from poc_cli.record.instances import instances_of
from poc_cli.record.play_record import PlayRecord, StepRecord
from poc_cli.scenario.capabilities import fit
from poc_cli.scenario.check_names import entry_of
from poc_cli.scenario.model import NEVER_BY_ITSELF, Claim, Control, Taking

_UNDECIDED = frozenset({"wrong_object", "woken", "unbound", "overtaken"})
"""Failures of a step that decide nothing about its claim: the object had woken before, a value that it needs was not
captured, or its message had arrived before the answer that an earlier step waited for."""


@dataclass(frozen=True, slots=True)
class ControlFinding:
    """The result of a claim's control; `as_expected` is None if it was not played."""

    verdict: Verdict | None
    expected: Verdict
    as_expected: bool | None
    reason: str
    is_unfit: bool = False
    """Whether it was not played because the place cannot play it."""


@dataclass(frozen=True, slots=True)
class ClaimFinding:
    """The finding on a claim, with its control."""

    claim: Claim
    finding: Finding
    control: ControlFinding | None
    rounds: tuple[Finding, ...]
    """The finding of each round; `finding` combines them."""
    rechecked: bool = True
    """Whether every step that it rests on was recomputed from the recorded messages."""


def judge_story(
    stories: Sequence[PlayRecord], controls: list[PlayRecord], flaw: str | None, repeat: int = 1
) -> list[ClaimFinding]:
    """Return the findings on all claims of a scenario, in its order, from all rounds of its story.

    Claims that its place cannot test are left out; `left_out_of` returns them. `flaw` says why the record of the run is
    not complete, `repeat` how many rounds there should be. A check that raises becomes an error. Raises ScenarioError
    if the recorded scenario cannot be read.
    """
    left_out = left_out_of(stories[0])
    claims = stories[0].scenario.document.claim
    return [_judge(stories, controls, claim, flaw, repeat) for claim in claims if claim.id not in left_out]


def left_out_of(story: PlayRecord) -> Mapping[str, str]:
    """Return the claims of a story that its place cannot test, with the reasons."""
    return fit(story.play, story.place).claims


def _judge(
    stories: Sequence[PlayRecord], controls: list[PlayRecord], claim: Claim, flaw: str | None, repeat: int
) -> ClaimFinding:
    control = _control(stories[0], controls, claim, flaw)
    found = [judge_claim(story, claim) for story in stories]
    rounds = tuple(finding if control is None else _with_control(finding, control) for finding in found)
    recomputed = all(is_rechecked(story, claim.id) for story in stories)
    return ClaimFinding(claim, _together(stories, rounds, repeat), control, rounds, recomputed)


def unless_cut(found: ClaimFinding, flaw: str | None) -> ClaimFinding:
    """Return a finding, or unknown instead of held if the record of the run is not complete."""
    if flaw is None or found.finding.verdict != "held":
        return found
    number = len(found.rounds)
    often = "" if number == 1 else f" in each of {number} rounds"
    finding = unknown(f"it held{often} as far as recorded, but {flaw}", found.finding.evidence)
    return replace(found, finding=finding, rounds=tuple(finding for _ in found.rounds))


def _together(stories: Sequence[PlayRecord], rounds: tuple[Finding, ...], repeat: int) -> Finding:
    """Return the worst finding of all rounds, with the round in its reason; a claim must hold in every round."""
    recorded = len({story.round for story in stories})
    if recorded < repeat:
        return worst([*rounds, unknown(f"only {recorded} of {repeat} rounds are in the record")])
    if len(rounds) == 1:
        return rounds[0]
    finding = worst(rounds)
    if finding.verdict == "held":
        return finding
    which = next(story.round for story, found in zip(stories, rounds, strict=True) if found.verdict == finding.verdict)
    return replace(finding, reason=f"in round {which} of {len(rounds)}: {finding.reason}")


def _control(story: PlayRecord, controls: list[PlayRecord], claim: Claim, flaw: str | None) -> ControlFinding | None:
    if claim.control is None:
        return None
    played = next((play for play in controls if claim.id in play.start.data["decides"]), None)
    expected: Verdict = claim.control.expect
    unfit = _unfit(story, claim)
    if unfit is not None:
        return ControlFinding(None, expected, None, unfit, is_unfit=True)
    if played is None and flaw is not None:
        # Its record may be what is missing, so its outcome is unknown.
        return ControlFinding("error", expected, None, flaw)
    if played is None:
        return ControlFinding(None, expected, None, "was not played")
    outcome = judge_claim(played, claim)
    as_expected = _came_out(played, claim, outcome.verdict, claim.control)
    return ControlFinding(outcome.verdict, expected, as_expected, outcome.reason)


def _came_out(control: PlayRecord, claim: Claim, verdict: Verdict, change: Control) -> bool:
    """Return whether a control had the expected verdict, and for the reason that it was written for."""
    about_sleep = change.expect == "unknown" or (change.expect == "refuted" and entry_of(claim.check).about_sleep)
    if about_sleep and verdict in {"unknown", "refuted"} and _did_not_sleep(control, claim):
        return True  # refuted if it was observed for long enough, else unknown
    if verdict != change.expect:
        return False
    if verdict == "refuted":
        ways = _refuted_by(control, claim)
        return bool(ways & set(change.failure) if change.failure is not None else ways - NEVER_BY_ITSELF)
    return not (verdict == "unknown" and _missed_its_point(control))


def _did_not_sleep(control: PlayRecord, claim: Claim) -> bool:
    """Return whether the trace showed an object of a claim pinned in memory when it should have slept."""
    if not any(step.failure == "no_sleep" for step in control.steps):
        return False
    actors = {f"object:{label}" for label in objects_of(control, claim)}
    seen = (event for event in control.of_kind(kinds.AWAKE, kinds.REFUSED) if event.actor in actors)
    return any(event.kind == kinds.AWAKE or event.data["pins"] for event in seen)


def _unfit(story: PlayRecord, claim: Claim) -> str | None:
    """Return why a claim's control cannot run or decide the claim in the story's place, None if it can."""
    controls = (play for play in story.plays[1:] if claim.id in play.decides)
    fitted = (fit(play, story.place) for play in controls)
    return next((each.reason or each.claims.get(claim.id) for each in fitted), None)


def _missed_its_point(control: PlayRecord) -> bool:
    """Return whether a control ended at a step that has nothing to do with its change.

    It should be `unknown` because its object did not sleep. One that failed at another precondition is unknown too, but
    shows nothing.
    """
    if control.outcome != "stopped":
        return False
    if not control.place.has_trace and any(instances_of(control, label).stays for label in control.play.objects):
        return False  # it was left idle and stayed in memory, which is why a later step fails
    # Lateness may have cut it before its first step.
    return not control.steps or control.steps[-1].failure != "no_sleep"


def _with_control(finding: Finding, control: ControlFinding) -> Finding:
    if control.verdict == "error":
        return worst([finding, error(f"the control could not be played: {control.reason}")])
    if control.as_expected or control.is_unfit or finding.verdict != "held":
        return finding
    if control.verdict is None:
        return unknown("it held, but its control was not played, which would show that it can fail", finding.evidence)
    if control.verdict == control.expected == "refuted":
        return unknown(f"the control failed for another reason than its change: {control.reason}", finding.evidence)
    if control.verdict == control.expected:
        return unknown(f"the control ended before its change had an effect: {control.reason}", finding.evidence)
    return unknown(
        f"the control did not fail as it should: expected {control.expected}, got {control.verdict} ({control.reason})",
        finding.evidence,
    )


def judge_claim(play: PlayRecord, claim: Claim) -> Finding:
    """Return the finding on one claim in one round, from all of its attempts.

    What an attempt found before it was cut counts: a claim that one attempt refutes and another holds is unknown.
    """
    finding = _judge_attempt(play, claim)
    if not play.earlier:
        return finding
    found = [*((each, _judge_attempt(each, claim)) for each in play.earlier), (play, finding)]
    refuting, holding = (
        next(((attempt, each) for attempt, each in found if each.verdict == verdict), None)
        for verdict in ("refuted", "held")
    )
    if finding.verdict == "error":
        return finding
    if refuting is not None and holding is not None:
        one, other = refuting[0].attempt, holding[0].attempt
        message = f"refuted in attempt {one} ({refuting[1].reason}), held in attempt {other}"
        return unknown(message, (*refuting[1].evidence, *holding[1].evidence))
    decided = refuting or holding
    if decided is None:
        return finding
    return _suspected(play, decided[1]) if decided is holding else decided[1]


def _suspected(play: PlayRecord, finding: Finding) -> Finding:
    """Return a held finding, or unknown if the runtime failed in an attempt and nothing else explains that."""
    suspect = next((each for each in play.earlier if each.is_suspect), None)
    if suspect is None or suspect.end is None:
        return finding
    message = f"in attempt {suspect.attempt}, {suspect.ending} while this play waited for an answer; it held later"
    return unknown(message, finding.evidence)


def _judge_attempt(play: PlayRecord, claim: Claim) -> Finding:
    if play.outcome not in {"done", "stopped"}:
        return error(f"the play failed: {play.ending}")
    try:
        found = _with_losses(play, claim, worst(finding for _, finding in _findings(play, claim)))
        return unless_from_a_cache(play, claim, unless_sockets_are_foreign(play, claim, found))
    except Exception as broken:  # noqa: BLE001 - a check that throws is an error, never a pass
        return error(f"the check itself failed: {type(broken).__name__}: {broken}")


def _with_losses(play: PlayRecord, claim: Claim, finding: Finding) -> Finding:
    """Return a finding that names no sleep or fault with those that the claim is about, before the last evidence."""
    if finding.losses or not finding.evidence or finding.verdict not in {"held", "refuted"}:
        return finding
    return replace(finding, losses=losses_before(play, claim, max(finding.evidence)))


def _findings(play: PlayRecord, claim: Claim) -> list[tuple[str | None, Finding]]:
    """Return the findings on a claim, each with the kind of failure that refutes the claim by it."""
    # Older scenarios may have a matrix cell without a check: it says what holds after the story's sleep or fault.
    after_loss = claim.matrix is not None and any(isinstance(placed.step, Taking) for placed in play.play.steps)
    check = claim.check or ("holds-after-loss" if after_loss else None)
    if claim.check is not None and entry_of(claim.check).judges_its_steps:
        return [("mismatch", CHECKS[claim.check].function(play, claim))]
    found: list[tuple[str | None, Finding]] = [] if check is None else [("check", CHECKS[check].function(play, claim))]
    begun = [step for step in play.steps if step.claim == claim.id]
    found += [(step.failure, _step(play, claim, step)) for step in begun if not _is_wanted_failure(claim, step)]
    named = sum(placed.step.claim == claim.id for placed in play.play.steps)
    if len(begun) < named:
        found.append((None, unknown(f"the play ended before a step of this claim: {play.ending}")))
    if check is None and not any(play.play.steps[step.index].step.shows_something for step in begun):
        found.append((None, unknown("none of its steps expects anything")))
    return found


def _refuted_by(play: PlayRecord, claim: Claim) -> frozenset[str]:
    """Return the kinds of failure by which a claim was refuted in a play, in any of its attempts."""
    attempts = [each for each in (play, *play.earlier) if each.outcome in {"done", "stopped"}]
    found = (pair for each in attempts for pair in _findings(each, claim))
    return frozenset(kind for kind, finding in found if finding.verdict == "refuted" and kind is not None)


def _is_wanted_failure(claim: Claim, step: StepRecord) -> bool:
    """Return whether a step failed because an object stayed awake as the claim says, which its check judges."""
    return entry_of(claim.check).wants_awake and step.failure == "no_sleep"


def _step(play: PlayRecord, claim: Claim, step: StepRecord) -> Finding:
    """Judge a step that names the claim; in and after a `hibernate` step a sleep must be proven first."""
    is_of_others = step.verb == "close" or entry_of(claim.check).about_messages
    was_closed = step.failure == "closed" and is_of_others
    if step.failure == "no_sleep":
        return _not_slept(play, claim, step)
    if step.failure in _UNDECIDED or was_closed:
        return unknown(step.reason, (step.end_id,))
    if step.ended is None:
        return unknown(f"the play broke off during a step of this claim: {play.ending}")
    if not entry_of(claim.check).wants_awake:
        found = proven_before(play, claim, step)
        if isinstance(found, Finding):
            return found
    if step.ok:
        answers = [answer["event"] for answer in step.reported("answered").values()]
        return held(f"the {step.verb} step at line {step.begun.data['line']} passed", [*answers, step.end_id])
    return refuted(f"the {step.verb} step at line {step.begun.data['line']}: {step.reason}", (step.end_id,))


def _not_slept(play: PlayRecord, claim: Claim, step: StepRecord) -> Finding:
    """Judge a `hibernate` step without a sleep: refuted by an object that was observed for long enough."""
    kept = (kept_awake(play, step, label) for label in objects_of(play, claim))
    found = [each for each in kept if each is not None and each.verdict == "refuted"]
    return worst(found) if found else unknown(step.reason, (step.end_id,))
