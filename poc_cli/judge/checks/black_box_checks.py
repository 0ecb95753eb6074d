"""The checks `sleeps` and `stays-awake` in a black box, by the instance ids in the object's answers."""

from collections.abc import Mapping

from poc_cli.history import event as kinds
from poc_cli.judge.claim_sleeps import objects_of, rests_of, watches_of
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.ownership import has_reported_sockets
from poc_cli.judge.proof import proven_sleeps, story_sleeps
from poc_cli.judge.sleeps import Sleep, sleeps_of
from poc_cli.record.instances import Change, describe_stay, instances_of, stay_evidence
from poc_cli.record.play_record import PlayRecord, StepRecord
from poc_cli.residency.sleep_onset import ASLEEP_BY_SECONDS, LONGEST_WAIT_SECONDS, onset
from poc_cli.scenario.check_names import entry_of
from poc_cli.scenario.model import Claim


def sleeps(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by the same instance after a silence in which objects sleep; held by a proven sleep of each object."""
    bound = rests_of(play, claim)
    for label, rests in bound.items():
        for stay in _too_long(play, label):
            if any(waited.step in rests for waited in stay.waited):
                return _stayed(play, stay)
    found = proven_sleeps(play, claim)
    if isinstance(found, Finding):
        return found
    failed = _not_slept(play, bound)
    if failed is not None:
        message = f"it slept, but no sleep is proven in the hibernate step at line {failed.begun.data['line']}"
        return unknown(message, (failed.end_id,))
    evidence = tuple(event for sleep in found for event in sleep.evidence)
    return held("; ".join(dict.fromkeys(_describe(sleep) for sleep in found[:3])), evidence, found)


def kept_awake(play: PlayRecord, step: StepRecord, label: str) -> Finding | None:
    """Return the finding on an object that was still in memory after a `hibernate` step, None if it decides nothing."""
    stays = (stay for stay in _too_long(play, label) if any(waited.step == step.index for waited in stay.waited))
    stay = next(stays, None)
    return None if stay is None else _stayed(play, stay)


def _too_long(play: PlayRecord, label: str) -> list[Change]:
    """Return the silences after which an object was still in memory although every object should have slept."""
    asleep_by = asleep_by_seconds(play)
    return [stay for stay in instances_of(play, label).stays if stay.silent_ms / 1000 >= asleep_by]


def _stayed(play: PlayRecord, stay: Change) -> Finding:
    return refuted(f"{describe_stay(stay)}{_others(play)}", stay_evidence(stay))


def asleep_by_seconds(play: PlayRecord) -> float:
    """Return the silence after which an object that is still in memory is judged not to sleep, from the canaries."""
    if not play.canaries:
        return ASLEEP_BY_SECONDS
    found = onset(play.canaries)
    return LONGEST_WAIT_SECONDS if found is None else found.asleep_by_seconds


def stays_awake(play: PlayRecord, claim: Claim) -> Finding:
    """Held by the same instance after a silence in which canaries slept; refuted by a proven sleep."""
    return worst([_stays_awake(play, claim, label) for label in objects_of(play, claim)])


def _stays_awake(play: PlayRecord, claim: Claim, label: str) -> Finding:
    instances, found = instances_of(play, label), onset(play.canaries)
    watches = watches_of(play, claim)
    waits = (event for event in play.of_kind(kinds.WAITED) if event.actor == f"object:{label}")
    meant = {event.id for event in waits if event.step in watches}
    slept = next((each for each in sleeps_of(play) if each.label == label and each.left.id in meant), None)
    if slept is not None:
        return refuted(f"{label} {slept.description}", slept.evidence, (slept,))
    if instances.unsteady is not None:
        why, event = instances.unsteady
        return unknown(f"the instance ids of {label} prove nothing: {why}", (event,))
    if found is None:
        return unknown(f"{label} may have stayed, but no canary shows that objects sleep there")
    long_enough = (each for each in instances.stays if each.silent_ms / 1000 >= found.awake_from_seconds)
    stay = next((each for each in long_enough if meant & {waited.id for waited in each.waited}), None)
    if stay is None:
        return unknown(f"{label} did not answer before and after {found.awake_from_seconds:.1f} s of silence")
    return held(f"{describe_stay(stay)}{_others(play)}", stay_evidence(stay))


def _others(play: PlayRecord) -> str:
    found = onset(play.canaries)
    return "" if found is None else f"; canaries slept there after {found.asleep_ms / 1000:.1f} s"


def _describe(sleep: Sleep) -> str:
    sockets = len(sleep.sockets)
    return f"{sleep.label} {sleep.description}, with {sockets} socket{'' if sockets == 1 else 's'} open"


def unless_sockets_are_foreign(play: PlayRecord, claim: Claim, finding: Finding) -> Finding:
    """Return the finding, or `unknown` if it held and no answer shows that the sockets were the object's own.

    A gateway may hold them, which stays in memory and is billed, while the object behind it sleeps without sockets.
    """
    if play.place.has_trace or finding.verdict != "held" or entry_of(claim.check).about_messages:
        return finding
    slept: dict[str, bool] = {}
    for sleep in story_sleeps(play, claim):
        slept[sleep.label] = slept.get(sleep.label, False) or has_reported_sockets(play, sleep)
    label = next((label for label, reported in slept.items() if not reported), None)
    if label is None:
        return finding
    return unknown(
        f"it held, but no answer of {label} says how many sockets it holds, so a gateway may hold them "
        '(object = { …, sockets = "path" })',
        finding.evidence,
    )


def _not_slept(play: PlayRecord, bound: Mapping[str, frozenset[int]]) -> StepRecord | None:
    """Return a `hibernate` step in which an object of the claim should have slept and no sleep is proven, if any.

    A sleep may also cover the wait of a later step, if no answer came between the two.
    """
    made = {(sleep.label, index) for sleep in sleeps_of(play) for index in sleep.steps}
    proven = [(each.label, each.left.id, each.back.id) for each in sleeps_of(play) if each.back is not None]
    for step in play.steps:
        for label, rests in bound.items():
            if step.index not in rests or (label, step.index) in made:
                continue
            if not any(each == label and began < step.end_id < ended for each, began, ended in proven):
                return step
    return None
