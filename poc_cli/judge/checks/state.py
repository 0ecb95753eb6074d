"""The checks `storage-survives`, `attachments-survive`, `memory-is-reset` and `holds-after-loss`."""

from dataclasses import replace

from poc_cli.judge.check_registry import check
from poc_cli.judge.checks.witness import Witness, another_at_first, other_answer, same_answer
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.proof import is_back, proven_losses
from poc_cli.judge.sleeps import Sleep, fault_after
from poc_cli.record.play_record import PlayRecord, StepRecord
from poc_cli.scenario.check_names import CheckEntry
from poc_cli.scenario.model import IN_MEMORY, Claim

_NO_LOSS = "no step read another value before the sleep, so nothing shows a loss"
_NOT_THERE = "no step read the same value before the sleep, so nothing shows that it was there"
_AS_NEW = "the value is the same as in a new object, so nothing shows that it was kept"


@check(
    CheckEntry(
        name="storage-survives",
        order=70,
        meaning=(
            "The steps that name the claim got the right answer, and the same message got it before the sleep or "
            "fault too (the witness)."
        ),
        judges_its_steps=True,
    )
)
@check(
    CheckEntry(
        name="attachments-survive",
        order=80,
        meaning="As `storage-survives`, for what a socket's attachment holds.",
        judges_its_steps=True,
    )
)
def state_survives(play: PlayRecord, claim: Claim) -> Finding:
    """Judge the steps that name the claim: the same right answer before the sleep and after it."""
    if _in_memory(claim) and claim.matrix is not None and claim.matrix.expects == "survives":
        return _judge(play, claim, another_at_first, _AS_NEW)
    return _judge(play, claim, same_answer, _NOT_THERE)


@check(
    CheckEntry(
        name="memory-is-reset",
        order=60,
        meaning=(
            "The steps that name the claim got the right answer, and the same message got another one before the "
            "sleep or fault."
        ),
        judges_its_steps=True,
        beyond_state=True,
    )
)
def memory_is_reset(play: PlayRecord, claim: Claim) -> Finding:
    """Judge the steps that name the claim: another answer before the sleep than after it."""
    return _judge(play, claim, other_answer, _NO_LOSS)


@check(
    CheckEntry(
        name="holds-after-loss",
        order=90,
        meaning=(
            "A sleep, fault or dropped connection is proven before each step that names the claim, its object came "
            "back by the end of the step, and the step passed. Only rows that are in memory need a witness."
        ),
    )
)
def holds_after_loss(play: PlayRecord, claim: Claim) -> Finding:
    """Judge what happened before the steps that name the claim; the steps themselves are judged as such."""
    steps = [step for step in play.steps if step.claim == claim.id]
    found = [_after_loss(play, claim, step) for step in steps]
    return worst(found) if found else unknown("no step of the play names the claim")


def _after_loss(play: PlayRecord, claim: Claim, step: StepRecord) -> Finding:
    found = proven_losses(play, claim, step, drops=True)
    if isinstance(found, Finding):
        return found
    for loss in found:
        if not is_back(claim, loss, step.end_id):
            return unknown(f"{loss.label} was not seen back in memory by the end of the step", loss.evidence)
        fault = fault_after(play, loss, step.end_id)
        if fault is not None:
            return unknown(f"after that {loss.label} left memory again, and not by a sleep", (fault.id,))
    evidence = tuple(event for loss in found for event in loss.evidence)
    if not _in_memory(claim) or claim.matrix is None:
        return held(f"{found[-1].label} {found[-1].description}", evidence, found)
    survives = claim.matrix.expects == "survives"
    seen = (another_at_first if survives else other_answer)(play, step, min(loss.left.id for loss in found))
    if seen.event is None:
        return unknown(_AS_NEW if survives else _NO_LOSS, evidence)
    return held(f"{found[-1].label} {found[-1].description}", (seen.event, *evidence), found)


def _in_memory(claim: Claim) -> bool:
    return claim.matrix is not None and claim.matrix.row in IN_MEMORY


def _judge(play: PlayRecord, claim: Claim, witness: Witness, without: str) -> Finding:
    steps = [step for step in play.steps if step.claim == claim.id]
    named = sum(placed.step.claim == claim.id for placed in play.play.steps)
    findings = [_step(play, claim, step, witness, without) for step in steps]
    if len(steps) < named:
        findings.append(unknown(f"the play ended before the step that reads it: {play.ending}"))
    return worst(findings) if findings else unknown("no step of the play reads it")


def _step(play: PlayRecord, claim: Claim, step: StepRecord, witness: Witness, without: str) -> Finding:
    found = proven_losses(play, claim, step)
    if isinstance(found, Finding):
        return found
    if not step.ok and step.failure != "mismatch":
        message = f"the play broke off during the step that reads it: {play.ending}"
        return unknown(message if step.ended is None else f"the step after the sleep got no answer: {step.reason}")
    last = tuple({sleep.label: sleep for sleep in found}.values())
    for sleep in last:
        if sleep.back is None or sleep.back.id > step.end_id:
            return unknown(f"{sleep.label} was not seen back in memory for the step that reads it", sleep.evidence)
        fault = fault_after(play, sleep, step.end_id)
        if fault is not None:
            return unknown(f"after its sleep {sleep.label} left memory again, and not by a sleep", (fault.id,))
    seen = witness(play, step, min(sleep.left.id for sleep in last))
    if seen.event is None:
        cut = f"the answer before the sleep, event {seen.cut}, was too long to be recorded in full"
        return unknown(without if seen.cut is None else cut, found[-1].evidence)
    evidence = (seen.event, *(event for sleep in last for event in sleep.evidence), step.end_id)
    return replace(_read(step, found[-1], evidence), losses=last)


def _read(step: StepRecord, sleep: Sleep, evidence: tuple[int, ...]) -> Finding:
    if step.ok:
        answers = tuple(answer["event"] for answer in step.reported("answered").values())
        message = f"{sleep.label} {sleep.description}; the read after it gave the expected value"
        return held(message, (*evidence, *answers))
    return refuted(f"{sleep.label} {sleep.description}; after it, {step.reason}", evidence)
