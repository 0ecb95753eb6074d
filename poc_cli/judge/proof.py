"""Rule 1: no sleep, no verdict.

Never judges a claim; it says whether the sleep that the claim is about is proven, and why not.
"""

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.doubts import why_no_other_instance
from poc_cli.judge.finding import Finding, unknown
from poc_cli.judge.record import FOREVER, PlayRecord
from poc_cli.judge.sleeps import Sleep, losses_of, pins_told, sleeps_of
from poc_cli.scenario.model import Claim

_OTHERWISE = {
    "died": "died with its process",
    "dropped": "left memory neither by its timer nor by an evict of ours",
}


def objects_of(play: PlayRecord, claim: Claim) -> tuple[str, ...]:
    """Give the objects that a claim is about: those it names, else all of the play."""
    return tuple(claim.of) if claim.of is not None else tuple(play.play.objects)


def asks_for_sleep(play: PlayRecord, before_step: int | None = None) -> bool:
    """Whether the play has a `hibernate` step (before the step with that index, if one is given)."""
    first = play.first_hibernate
    return first is not None and (before_step is None or first < before_step)


def proven_sleeps(play: PlayRecord, claim: Claim, before: int = FOREVER) -> tuple[Sleep, ...] | Finding:
    """Give the claim's sleeps before an event, or why rule 1 leaves the claim unknown.

    Every object of the claim must have slept with a socket open.
    """
    found: list[Sleep] = []
    for label in objects_of(play, claim):
        mine = [sleep for sleep in sleeps_of(play) if sleep.label == label and sleep.left.id < before]
        with_sockets = [sleep for sleep in mine if sleep.sockets]
        if not with_sockets:
            if mine:
                return unknown(f"{label} slept, but no socket stayed open through it", mine[0].evidence)
            return unknown(*_why_no_sleep(play, label, before))
        found += with_sockets
    if not found:
        return unknown("the scenario names no object whose sleep could be proven")
    return tuple(sorted(found, key=lambda sleep: sleep.left.id))


def proven_losses(play: PlayRecord, claim: Claim, before: int) -> tuple[Sleep, ...] | Finding:
    """Give what took the claim's objects out of memory before an event, or why nothing is proven to have.

    For each object it is its last sleep with a socket open, or the last fault, whichever came later.
    """
    faults = [loss for loss in losses_of(play) if loss.left.id < before]
    asked = any(step.begun.id < before for step in play.steps_of_verb("hibernate")[:1])
    sleeps = proven_sleeps(play, claim, before) if asked or not faults else ()
    if isinstance(sleeps, Finding):
        return sleeps
    wanted = set(objects_of(play, claim))
    found = sorted((*sleeps, *(loss for loss in faults if loss.label in wanted)), key=lambda loss: loss.left.id)
    missing = wanted - {loss.label for loss in found}
    if missing:
        return unknown(f"{min(missing)} was not in memory before the fault, so it could lose nothing")
    return tuple(found)


def _why_no_sleep(play: PlayRecord, label: str, before: int) -> tuple[str, tuple[int, ...]]:
    if not play.place.has_trace:
        why, evidence = why_no_other_instance(play, label, before)
        return f"no sleep, no verdict: {why}{_stopped(play)}", evidence
    actor = f"object:{label}"
    for event in play.of_kind(kinds.REFUSED, kinds.AWAKE):
        if event.actor == actor and event.id < before:
            if event.kind == kinds.REFUSED and event.data["pins"]:
                return f"no sleep, no verdict: refused: pinned by {pins_told(event)}", (event.id,)
            if event.kind == kinds.REFUSED:
                continue  # for an alarm that came first; what was seen then says more
            return f"no sleep, no verdict: {_stayed(label, event)}", (event.id,)
    for event in play.of_kind(kinds.LEFT):
        if event.actor == actor and event.id < before:
            how = event.data["how"]
            told = "was not seen in memory before it left" if how in {"idle", "evict"} else _OTHERWISE[how]
            return f"no sleep, no verdict: {label} {told}", (event.id,)
    for step in play.steps:
        if step.failure in {"wrong_object", "no_sleep"}:
            return f"no sleep, no verdict: {step.reason}", (step.end_id,)
    return f"no sleep, no verdict: {label} was not seen to leave memory{_stopped(play)}", ()


def _stayed(label: str, awake: Event) -> str:
    idle = (awake.data["at_ns"] - awake.data["at_last_event_ns"]) / 1e9
    watched = awake.data["watched_ms"] / 1000
    pinned = f"pinned by {pins_told(awake)}"
    if idle < watched and not awake.data["pins"]:
        return f"{label} was still in memory after {watched:.0f} s, {idle:.1f} s after its last event"
    return f"{label} was still in memory {idle:.1f} s after its last event, {pinned}"


def _stopped(play: PlayRecord) -> str:
    return f" ({play.ending})" if play.outcome == "stopped" else ""
