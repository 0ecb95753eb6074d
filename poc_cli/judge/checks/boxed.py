"""Does the object leave memory, does it stay: the same questions in a black box, where only its instance answers.

Never takes the same instance for more than it shows: that the object was still there after so long a silence.
"""

from poc_cli.history import event as kinds
from poc_cli.judge.doubts import stay_evidence, stayed_told
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.instances import Change, instances_of
from poc_cli.judge.proof import objects_of, proven_sleeps
from poc_cli.judge.record import PlayRecord, StepRecord
from poc_cli.judge.sleeps import Sleep, sleeps_of
from poc_cli.residency.sweep import ASLEEP_BY_SECONDS, LONGEST_WAIT_SECONDS, onset
from poc_cli.scenario.model import Claim, Hibernate


def sleeps(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by the same instance after a silence in which every object sleeps; held by a proven sleep of each."""
    asleep_by = asleep_by_seconds(play)
    for label in objects_of(play, claim):
        for stay in instances_of(play, label).stays:
            if stay.silent_ms / 1000 >= asleep_by and not should_stay(play, stay):
                return refuted(f"{stayed_told(stay)}{_others(play)}", stay_evidence(stay))
    found = proven_sleeps(play, claim)
    if isinstance(found, Finding):
        return found
    failed = _not_slept(play, claim)
    if failed is not None:
        told = f"it slept, but nothing proves that it did in the hibernate step at line {failed.begun.data['line']}"
        return unknown(told, (failed.end_id,))
    evidence = tuple(event for sleep in found for event in sleep.evidence)
    return held("; ".join(dict.fromkeys(_told(sleep) for sleep in found[:3])), evidence)


def asleep_by_seconds(play: PlayRecord) -> float:
    """Give the silence after which an object that is still there does not sleep, by what our own rooms have shown."""
    if not play.sentinels:
        return ASLEEP_BY_SECONDS
    found = onset(play.sentinels)
    return LONGEST_WAIT_SECONDS if found is None else found.asleep_by_seconds


def stays_awake(play: PlayRecord, claim: Claim) -> Finding:
    """Held by the same instance after a silence in which rooms of our own slept; refuted by a proven sleep."""
    return worst([_stays_awake(play, label) for label in objects_of(play, claim)])


def _stays_awake(play: PlayRecord, label: str) -> Finding:
    told, found = instances_of(play, label), onset(play.sentinels)
    # Where no step names the claim, it is about every time that the story waits.
    waits = [event.id for event in play.of_kind(kinds.WAITED) if event.actor == f"object:{label}"]
    meant = {event for event in waits if _is_to_stay(play, event)} or set(waits)
    slept = next((each for each in sleeps_of(play) if each.label == label and each.left.id in meant), None)
    if slept is not None:
        return refuted(f"{label} {slept.told}", slept.evidence)
    if told.unsteady is not None:
        why, event = told.unsteady
        return unknown(f"what {label} tells of its instance proves nothing: {why}", (event,))
    if found is None:
        return unknown(f"{label} may have stayed, but nothing shows that any object sleeps there")
    long_enough = (each for each in told.stays if each.silent_ms / 1000 >= found.awake_from_seconds)
    stay = next((each for each in long_enough if meant & {waited.id for waited in each.waited}), None)
    if stay is None:
        return unknown(f"{label} did not answer before and after {found.awake_from_seconds:.1f} s of silence")
    return held(f"{stayed_told(stay)}{_others(play)}", stay_evidence(stay))


def _others(play: PlayRecord) -> str:
    found = onset(play.sentinels)
    return "" if found is None else f"; rooms of our own slept there after {found.asleep_ms / 1000:.1f} s"


def _told(sleep: Sleep) -> str:
    sockets = len(sleep.sockets)
    return f"{sleep.label} {sleep.told}, with {sockets} socket{'' if sockets == 1 else 's'} open"


def should_stay(play: PlayRecord, stay: Change) -> bool:
    """Whether an object was left alone only to show that it does not sleep."""
    return all(_is_to_stay(play, waited.id) for waited in stay.waited)


def _is_to_stay(play: PlayRecord, event_id: int) -> bool:
    """Whether the step of an event names a claim that an object stays awake."""
    claims = {claim.id for claim in play.scenario.document.claim if claim.check == "stays-awake"}
    return any(step.index == play.by_id[event_id].step and step.claim in claims for step in play.steps)


def _not_slept(play: PlayRecord, claim: Claim) -> StepRecord | None:
    """Give a `hibernate` step in which one of the claim's objects should have slept, and no proof says that it did."""
    proven = [(each.label, each.left.id, each.back.id) for each in sleeps_of(play) if each.back is not None]
    for step in play.steps:
        placed = play.play.steps[step.index].step
        if not isinstance(placed, Hibernate) or step.ended is None or _is_to_stay(play, step.end_id):
            continue
        meant = set(objects_of(play, claim)) & set(placed.of or play.play.objects)
        # The wait may be the second of two between the same answers.
        slept = {label for label, began, ended in proven if began < step.end_id < ended}
        if not meant <= slept:
            return step
    return None
