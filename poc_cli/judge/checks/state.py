"""Is the state still there after the sleep, or, for fields in memory, is it gone?"""

from poc_cli.judge.checks.witness import Witness, another_at_first, other_answer, same_answer
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.proof import proven_losses
from poc_cli.judge.sleeps import Sleep, fault_after
from poc_cli.record.play_record import PlayRecord, StepRecord
from poc_cli.scenario.model import IN_MEMORY, Claim

_NO_LOSS = "had no other value before the sleep: nothing shows a loss"
_AS_NEW = "is read as it was when the object was new: nothing shows that it was kept"


def state_survives(play: PlayRecord, claim: Claim) -> Finding:
    """Judge the reads that name the claim: the same right answer before the sleep and after it."""
    if _in_memory(claim) and claim.matrix is not None and claim.matrix.expects == "survives":
        return _judge(play, claim, another_at_first, _AS_NEW)
    return _judge(play, claim, same_answer, "was never there: no step read the same before the sleep")


def memory_is_reset(play: PlayRecord, claim: Claim) -> Finding:
    """Judge the reads that name the claim: another answer before the sleep than after it."""
    return _judge(play, claim, other_answer, _NO_LOSS)


def holds_after_loss(play: PlayRecord, claim: Claim) -> Finding:
    """Judge what came before the steps that name the claim; the steps themselves are judged as they are written."""
    steps = [step for step in play.steps if step.claim == claim.id]
    return (
        worst([_after_loss(play, claim, step) for step in steps]) if steps else unknown("no step of the play names it")
    )


def _after_loss(play: PlayRecord, claim: Claim, step: StepRecord) -> Finding:
    found = proven_losses(play, claim, step, drops=True)
    if isinstance(found, Finding):
        return found
    for loss in found:
        if not _is_back(claim, loss, step):
            return unknown(f"{loss.label} was not seen to come back by the end of the step", loss.evidence)
        fault = fault_after(play, loss, step.end_id)
        if fault is not None:
            return unknown(f"after that {loss.label} left memory once more, and not to sleep", (fault.id,))
    evidence = tuple(event for loss in found for event in loss.evidence)
    if not _in_memory(claim) or claim.matrix is None:
        return held(f"{found[-1].label} {found[-1].told}", evidence)
    survives = claim.matrix.expects == "survives"
    seen = (another_at_first if survives else other_answer)(play, step, min(loss.left.id for loss in found))
    if seen.event is None:
        return unknown(_AS_NEW if survives else _NO_LOSS, evidence)
    return held(f"{found[-1].label} {found[-1].told}", (seen.event, *evidence))


def _is_back(claim: Claim, loss: Sleep, step: StepRecord) -> bool:
    """Return whether an object was in memory again by the end of a step; what the runtime answers for it needs none."""
    if loss.way == "drop" or (claim.matrix is not None and claim.matrix.row == "auto-response"):
        return True
    return loss.back is not None and loss.back.id <= step.end_id


def _in_memory(claim: Claim) -> bool:
    return claim.matrix is not None and claim.matrix.row in IN_MEMORY


def _judge(play: PlayRecord, claim: Claim, witness: Witness, without: str) -> Finding:
    steps = [step for step in play.steps if step.claim == claim.id]
    named = sum(placed.step.claim == claim.id for placed in play.play.steps)
    findings = [_step(play, claim, step, witness, without) for step in steps]
    if len(steps) < named:
        findings.append(unknown(f"the play ended before the read: {play.ending}"))
    return worst(findings) if findings else unknown("no step of the play reads it")


def _step(play: PlayRecord, claim: Claim, step: StepRecord, witness: Witness, without: str) -> Finding:
    found = proven_losses(play, claim, step)
    if isinstance(found, Finding):
        return found
    if not step.ok and step.failure != "mismatch":
        message = f"the play broke off in the read: {play.ending}"
        return unknown(message if step.ended is None else f"the read after the sleep got no answer: {step.reason}")
    last = {sleep.label: sleep for sleep in found}.values()
    for sleep in last:
        if sleep.back is None or sleep.back.id > step.end_id:
            return unknown(f"{sleep.label} was not seen to come back for the read", sleep.evidence)
        fault = fault_after(play, sleep, step.end_id)
        if fault is not None:
            return unknown(f"after its sleep {sleep.label} left memory once more, and not to sleep", (fault.id,))
    seen = witness(play, step, min(sleep.left.id for sleep in last))
    if seen.event is None:
        cut = f"the answer before the sleep, event {seen.cut}, was too long to be kept whole"
        return unknown(without if seen.cut is None else cut, found[-1].evidence)
    evidence = (seen.event, *(event for sleep in last for event in sleep.evidence), step.end_id)
    return _read(step, found[-1], evidence)


def _read(step: StepRecord, sleep: Sleep, evidence: tuple[int, ...]) -> Finding:
    if step.ok:
        answers = tuple(answer["event"] for answer in step.told("answered").values())
        return held(f"{sleep.label} {sleep.told}; the read after it came out as expected", (*evidence, *answers))
    return refuted(f"{sleep.label} {sleep.told}; after it, {step.reason}", evidence)
