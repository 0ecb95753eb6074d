"""Whole histories of any scenario, made from its own expectations: as a worker without fault would let it come out."""

from collections.abc import Set as AbstractSet

from poc_cli.scenario.loader import parse
from poc_cli.scenario.model import Exchange, On
from poc_cli.shipped import shipped
from tests.unit.judge.histories import FILE, History, Tale

HIBERNATE = (shipped("scenarios") / "hibernate.toml").read_text()
"""The shipped scenario."""

_SURVIVES = frozenset(
    claim.id
    for claim in parse(HIBERNATE, FILE).document.claim
    if claim.check in {"storage-survives", "attachments-survive"}
)


def perform(told: Tale, *, wrong: AbstractSet[str] = frozenset()) -> bool:
    """Let a play go to its end, or to the first sleep that a control prevents; give whether it went to its end.

    The steps of the claims in `wrong` get a wrong answer.
    """
    while told.next < len(told.play.steps):
        step = told.play.steps[told.next].step
        match step.verb:
            case "connect":
                told.connect()
            case "hibernate":
                told.sleeps()
            case "probe":
                told.probe("awake" if told.in_memory else "asleep")
            case "idle":
                told.idles()
            case _:
                assert isinstance(step, Exchange)
                _exchange(told, step, is_wrong=step.claim in wrong)
    told.ended("done")
    return True


def _exchange(told: Tale, step: Exchange, *, is_wrong: bool) -> None:
    if isinstance(step, On) and step.quiet is not None:
        told.is_quiet()
        return
    # The one text that the worker lets the runtime answer.
    reached = 0 if step.send == "ping" else None
    if is_wrong:
        told.gets_wrong({"wrong": True}, reached=reached)
        return
    told.says(reply(told, step), reached=reached)


def reply(told: Tale, step: Exchange) -> object:
    """Return the answer that a worker without fault would give to the next step."""
    if isinstance(step.expect, str):
        return step.expect
    expected = [step.expect or {}]
    if not told.slept:
        # A witness is told what survives, and of what does not nothing that is expected after the sleep.
        exchanges = (placed.step for placed in told.play.steps if isinstance(placed.step, Exchange))
        expected += [each.expect for each in exchanges if each.send == step.send and each.claim in _SURVIVES]
    # Every stay in memory is another instance; this is its number once the message has woken it.
    instance = told.ctx["object"] + ("object" not in told.in_memory)
    return {key: value for each in expected for key, value in each.items()} | {"instance": instance}


def sleepless(told: Tale) -> None:
    """Let a play go as far as a sleep that does not come."""
    while told.play.steps[told.next].step.verb != "hibernate":
        step = told.play.steps[told.next].step
        if isinstance(step, Exchange):
            _exchange(told, step, is_wrong=False)
        else:
            told.connect()
    told.stays(11.0 if told.play.role == "control" else 13.0)
    told.ended("stopped", "hibernate failed: still in memory")


def hibernate_run(*, wrong: AbstractSet[str] = frozenset(), broken_controls: bool = False) -> History:
    """Return a run of the shipped scenario with its controls, which come out as they should unless they are broken."""
    history = History()
    perform(history.play(HIBERNATE), wrong=wrong)
    for number in (1, 2):
        control = history.play(HIBERNATE, number)
        if number == 1 and not broken_controls:
            sleepless(control)
        else:
            perform(control)
    return history.end()
