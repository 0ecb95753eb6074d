"""Is the state still there after the sleep, or, for fields in memory, is it gone?

Never takes an answer after the sleep alone: without a witness from before it, the state may never have been there.
"""

from collections.abc import Callable

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.proof import proven_losses
from poc_cli.judge.record import PlayRecord, StepRecord
from poc_cli.judge.sleeps import Sleep, fault_after
from poc_cli.scenario.matching import Message, expected_messages, matches
from poc_cli.scenario.model import Claim, Exchange
from poc_cli.scenario.templates import render
from poc_cli.scenario.where import Condition
from poc_cli.scenario.where import parse as parse_condition

Witness = Callable[[PlayRecord, StepRecord, int], int | None]
"""Finds the event before the sleep that shows the state, by its id."""


def state_survives(play: PlayRecord, claim: Claim) -> Finding:
    """Judge the reads that name the claim: the same right answer before the sleep and after it."""
    return _judge(play, claim, _same_answer_before, "was never there: no step read the same before the sleep")


def memory_is_reset(play: PlayRecord, claim: Claim) -> Finding:
    """Judge the reads that name the claim: another answer before the sleep than after it."""
    return _judge(play, claim, _other_answer_before, "had no other value before the sleep: nothing shows a loss")


def _judge(play: PlayRecord, claim: Claim, witness: Witness, without: str) -> Finding:
    steps = [step for step in play.steps if step.claim == claim.id]
    named = sum(placed.step.claim == claim.id for placed in play.play.steps)
    findings = [_step(play, claim, step, witness, without) for step in steps]
    if len(steps) < named:
        findings.append(unknown(f"the play ended before the read: {play.ending}"))
    return worst(findings) if findings else unknown("no step of the play reads it")


def _step(play: PlayRecord, claim: Claim, step: StepRecord, witness: Witness, without: str) -> Finding:
    found = proven_losses(play, claim, before=step.begun.id)
    if isinstance(found, Finding):
        return found
    if step.ended is None:
        return unknown(f"the play broke off in the read: {play.ending}")
    last = {sleep.label: sleep for sleep in found}.values()
    for sleep in last:
        if sleep.back is None or sleep.back.id > step.end_id:
            return unknown(f"{sleep.label} was not seen to come back for the read", sleep.evidence)
        fault = fault_after(play, sleep, step.end_id)
        if fault is not None:
            return unknown(f"after its sleep {sleep.label} left memory once more, and not to sleep", (fault,))
    seen_before = witness(play, step, min(sleep.left.id for sleep in last))
    if seen_before is None:
        return unknown(without, found[-1].evidence)
    evidence = (seen_before, *(event for sleep in last for event in sleep.evidence), step.end_id)
    return _read(step, found[-1], evidence)


def _read(step: StepRecord, sleep: Sleep, evidence: tuple[int, ...]) -> Finding:
    if step.ok:
        answers = tuple(answer["event"] for answer in step.told("answered").values())
        return held(f"{sleep.label} {sleep.told}; the read after it came out as expected", (*evidence, *answers))
    if step.failure == "mismatch":
        return refuted(f"{sleep.label} {sleep.told}; after it, {step.reason}", evidence)
    return unknown(f"the read after the sleep got no answer: {step.reason}", evidence)


def _exchange(play: PlayRecord, step: StepRecord) -> Exchange | None:
    placed = play.play.steps[step.index].step
    return placed if isinstance(placed, Exchange) else None


def _fits(play: PlayRecord, step: StepRecord, answer: Message, conditions: list[Condition]) -> bool:
    """Whether an answer is what the step expects, with the names as they were bound at the step."""
    exchange = _exchange(play, step)
    if exchange is None:
        return False
    names = play.names_at(step)
    if exchange.expect is not None:
        # Of several messages it is the last to come that the record names as the answer.
        several = expected_messages(exchange.expect)
        last = several if exchange.order == "any" else several[-1:]
        if not any(matches(render(each, names), answer, exact=exchange.exact) for each in last):
            return False
    return all(condition.holds(answer.json, names) for condition in conditions)


def _conditions(play: PlayRecord, step: StepRecord) -> list[Condition]:
    exchange = _exchange(play, step)
    return [] if exchange is None else [parse_condition(text) for text in exchange.where]


def _tells_a_change(play: PlayRecord, step: StepRecord, condition: Condition) -> bool:
    """Whether a condition compares with a captured value otherwise than for sameness: `instance != {before}`."""
    counters = play.play.steps[step.index].bound.keys()
    captured = condition.names - play.play.names(play.start.data["nonce"]).keys() - counters
    return bool(captured) and (condition.negated or condition.operator in {"!=", "<", "<=", ">", ">="})


def _content(event: Event) -> tuple[object, object] | None:
    """Give what was sent in a form that can be compared, None where it was not kept whole."""
    return None if event.data.get("cut") else (event.data.get("text"), event.data.get("hex"))


def _earlier_answers(play: PlayRecord, step: StepRecord, before: int) -> list[tuple[int, Message]]:
    """Give the answers before an event to the very message that the step sends, by any client, the latest first."""
    sent = {_content(event) for event in play.of_kind(kinds.SENT) if event.step == step.index} - {None}
    found: list[tuple[int, Message]] = []
    for earlier in play.steps:
        if earlier.end_id >= before:
            break
        for client, event_id in earlier.told("sent").items():
            answered = earlier.told("answered").get(client)
            if answered is None or _content(play.by_id[event_id]) not in sent:
                continue
            message = play.message(answered["event"])
            if message is not None:
                found.append((answered["event"], message))
    return found[::-1]


def _same_answer_before(play: PlayRecord, step: StepRecord, before: int) -> int | None:
    exchange = _exchange(play, step)
    # What is to have changed since cannot have been so before.
    conditions = [each for each in _conditions(play, step) if not _tells_a_change(play, step, each)]
    if exchange is None or (exchange.expect is None and not conditions):
        return None
    answers = _earlier_answers(play, step, before)
    return next((event for event, answer in answers if _fits(play, step, answer, conditions)), None)


def _other_answer_before(play: PlayRecord, step: StepRecord, before: int) -> int | None:
    latest = next(iter(_earlier_answers(play, step, before)), None)
    if latest is None or _fits(play, step, latest[1], _conditions(play, step)):
        return None
    return latest[0]
