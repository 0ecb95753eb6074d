"""Prove the sleeps and faults that a claim is about: no sleep, no verdict."""

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.claim_sleeps import faults_of, last_loss_before, last_rest_before, objects_at, objects_of, rests_of
from poc_cli.judge.finding import Finding, unknown
from poc_cli.judge.ownership import sockets_of, why_not_owned
from poc_cli.judge.sleeps import Sleep, describe_pins, drops_of, losses_by_step, losses_of, sleeps_of
from poc_cli.record.closings import closing_of
from poc_cli.record.instances import Evidence, describe_stay, instances_of, stay_evidence
from poc_cli.record.play_record import FOREVER, PlayRecord, StepRecord
from poc_cli.scenario.model import Claim

_OTHERWISE = {
    "died": "died with its process",
    "dropped": "left memory neither by the idle timer nor by poc's evict",
}


def story_sleeps(play: PlayRecord, claim: Claim) -> tuple[Sleep, ...]:
    """Return the proven sleeps in the `hibernate` steps that a claim is about."""
    bound = rests_of(play, claim)
    return tuple(sleep for sleep in sleeps_of(play) if sleep.steps & bound.get(sleep.label, frozenset()))


def losses_before(play: PlayRecord, claim: Claim, event_id: int) -> tuple[Sleep, ...]:
    """Return the sleeps, faults and dropped connections that a claim is about and that were over before an event."""
    bound, faults = rests_of(play, claim), faults_of(play, claim)
    losses = (*sleeps_of(play), *losses_of(play), *drops_of(play))
    mine = (loss for loss in losses if loss.steps & (bound.get(loss.label, frozenset()) | faults))
    return tuple(loss for loss in mine if loss.left.id < event_id and is_back(claim, loss, event_id))


def is_back(claim: Claim, loss: Sleep, event_id: int) -> bool:
    """Return whether an object was back in memory by an event, which auto-responses and dropped clients do not need."""
    if loss.way == "drop" or (claim.matrix is not None and claim.matrix.row == "auto-response"):
        return True
    return loss.back is not None and loss.back.id <= event_id


def asks_for_sleep(play: PlayRecord, claim: Claim) -> bool:
    """Return whether the story puts an object of the claim to sleep."""
    return any(rests_of(play, claim).values())


def proven_sleeps(play: PlayRecord, claim: Claim) -> tuple[Sleep, ...] | Finding:
    """Return the claim's sleeps, or an `unknown` finding if one is not proven.

    Every object of the claim must have slept with a socket open.
    """
    found: list[Sleep] = []
    mine = story_sleeps(play, claim)
    for label in objects_of(play, claim):
        slept = [sleep for sleep in mine if sleep.label == label]
        with_sockets = [sleep for sleep in slept if sockets_of(play, sleep)]
        if not with_sockets:
            if slept:
                return _without_socket(play, slept[0])
            return unknown(*_why_no_sleep(play, label, FOREVER))
        found += with_sockets
    if not found:
        return unknown("the scenario has no object whose sleep could be proven")
    return tuple(sorted(found, key=lambda sleep: sleep.left.id))


def proven_before(play: PlayRecord, claim: Claim, step: StepRecord) -> tuple[Sleep, ...] | Finding:
    """Return for each object of a step the last planned sleep up to it, or an `unknown` finding if one is not proven.

    It is empty if no sleep is planned. A `hibernate` step counts as the sleep itself, whatever its outcome.
    """
    found: list[Sleep] = []
    for label in objects_at(play, claim, step):
        rest = last_rest_before(play, label, step.index, claim.after)
        if rest is None:
            continue
        loss = _proven(play, label, rest, step.end_id)
        if isinstance(loss, Finding):
            return loss
        found.append(loss)
    return tuple(found)


def proven_losses(
    play: PlayRecord, claim: Claim, step: StepRecord, *, drops: bool = False
) -> tuple[Sleep, ...] | Finding:
    """Return for each object of a step the last planned sleep or fault before it, or an `unknown` finding.

    With `drops`, a dropped connection counts too. A planned sleep before a fault must be proven as well.
    """
    slept = proven_before(play, claim, step) if step.verb != "hibernate" else ()
    if isinstance(slept, Finding):
        return slept
    found: list[Sleep] = []
    for label in objects_at(play, claim, step):
        index = last_loss_before(play, claim, label, step.index, drops=drops)
        if index is None:
            message = f"before this step the story neither puts {label} to sleep nor ends it"
            return unknown(f"no sleep, no verdict: {message}")
        loss = _proven(play, label, index, step.begun.id)
        if isinstance(loss, Finding):
            return loss
        found.append(loss)
    return tuple(sorted(found, key=lambda loss: loss.left.id))


def _proven(play: PlayRecord, label: str, index: int, before: int) -> Sleep | Finding:
    """Return the sleep or fault that one step caused, or an `unknown` finding if it is not proven."""
    mine = [each for each in losses_by_step(play).get((label, index), ()) if each.left.id < before]
    with_sockets = [each for each in mine if each.left.kind == kinds.FAULT or sockets_of(play, each)]
    if with_sockets:
        return with_sockets[-1]
    if mine:
        return _without_socket(play, mine[0])
    if play.play.steps[index].step.verb == "kill":
        return unknown(f"no connection to {label} was open to be dropped")
    if play.play.steps[index].step.verb == "restart":
        return unknown(f"{label} was not in memory before the fault, so nothing could be lost")
    return unknown(*_why_no_sleep(play, label, before))


def _without_socket(play: PlayRecord, sleep: Sleep) -> Finding:
    """Return why a sleep proves nothing: no open socket is shown to be the object's own."""
    if not sleep.sockets:
        closed = [each for each in play.of_kind(kinds.CLOSED) if each.id < sleep.left.id]
        last = f": {closed[-1].actor} was closed before, {closed[-1].data.get('said')}" if closed else ""
        return unknown(f"{sleep.label} slept, but no socket stayed open through it{last}", sleep.evidence)
    return unknown(f"{sleep.label} slept, but {why_not_owned(play, sleep, sleep.sockets[0])}", sleep.evidence)


def _why_no_sleep(play: PlayRecord, label: str, before: int) -> tuple[str, tuple[int, ...]]:
    if not play.place.has_trace:
        why, evidence = why_no_other_instance(play, label, before)
        return f"no sleep, no verdict: {why}{_stopped(play)}", evidence
    found = _why_not_left(play, label, before) or _how_else_it_left(play, label, before)
    if found is None:
        return f"no sleep, no verdict: {label} was not seen to leave memory{_stopped(play)}", ()
    return f"no sleep, no verdict: {found[0]}", found[1]


Why = tuple[str, tuple[int, ...]]


def _why_not_left(play: PlayRecord, label: str, before: int) -> Why | None:
    """Return why an object did not sleep when it should have, and the ids of the events that show it."""
    actor = f"object:{label}"
    for event in play.of_kind(kinds.REFUSED, kinds.AWAKE):
        if event.actor != actor or event.id >= before:
            continue
        if event.kind == kinds.AWAKE:
            return _stayed(label, event), (event.id,)
        if event.data["pins"]:
            return f"the evict was refused: pinned by {describe_pins(event)}", (event.id,)
        # An evict that was refused because of an alarm says less than what was seen after that.
    return None


def _how_else_it_left(play: PlayRecord, label: str, before: int) -> Why | None:
    """Return how an object left memory otherwise, or why no step could show a sleep."""
    own = next((each for each in sleeps_of(play) if each.label == label and each.left.id < before), None)
    if own is not None:
        return f"{label} slept, but not in a hibernate step that this is about", own.evidence
    for event in play.of_kind(kinds.LEFT):
        if event.actor == f"object:{label}" and event.id < before:
            how = event.data["how"]
            how_it_left = "was not seen in memory before it left" if how in {"idle", "evict"} else _OTHERWISE[how]
            return f"{label} {how_it_left}", (event.id,)
    failed = next((step for step in play.steps if step.failure in {"wrong_object", "no_sleep"}), None)
    return None if failed is None else (failed.reason, (failed.end_id,))


def _stayed(label: str, awake: Event) -> str:
    idle = (awake.data["at_ns"] - awake.data["at_last_event_ns"]) / 1e9
    watched = awake.data["watched_ms"] / 1000
    pinned = f"pinned by {describe_pins(awake)}"
    if idle < watched and not awake.data["pins"]:
        return f"{label} was still in memory after {watched:.0f} s, {idle:.1f} s after its last event"
    return f"{label} was still in memory {idle:.1f} s after its last event, {pinned}"


def _stopped(play: PlayRecord) -> str:
    return f" ({play.ending})" if play.outcome == "stopped" else ""


def why_no_other_instance(play: PlayRecord, label: str, before: int) -> tuple[str, Evidence]:
    """Return why no sleep of an object is proven before an event, and the ids of the events that show it."""
    instances = instances_of(play, label)
    if instances.unsteady is not None:
        why, event = instances.unsteady
        return f"the instance ids of {label} prove nothing: {why}", (event,)
    for doubt in instances.doubts:
        if doubt.change.before.event.id < before:
            return f"{label}: {doubt.why}", (doubt.change.before.event.id, doubt.change.after.event.id)
    for stay in instances.stays:
        if stay.before.event.id < before:
            return describe_stay(stay), stay_evidence(stay)
    return _why_unproven(play, label, before)


def _why_unproven(play: PlayRecord, label: str, before: int) -> tuple[str, Evidence]:
    """Return why no two answers with a wait in between have instance ids."""
    failed = next((step for step in play.steps if step.failure in {"wrong_object", "no_sleep"}), None)
    if failed is not None:
        return failed.reason, (failed.end_id,)
    if not instances_of(play, label).answers:
        path = play.play.objects[label].instance
        where = 'object = { …, instance = "path" } sets another path'
        return f'no answer of {label} has an instance id: none has "{path}" ({where})', ()
    waits = (each for each in play.of_kind(kinds.WAITED) if each.actor == f"object:{label}" and each.id < before)
    waited = next(waits, None)
    if waited is not None:
        return f"{label} gave no instance id after it was left idle{_cut_off(play, label, waited)}", (waited.id,)
    return f"{label} was not left idle between two answers", ()


def _cut_off(play: PlayRecord, label: str, waited: Event) -> str:
    """Return that a connection to the object was closed after a wait, and not by its client; "" if none was."""
    ended = (each.closed for each in play.connections if each.is_open_at(waited.id) and play.belongs(each, label))
    closed = next((event for event in ended if event is not None and event.data["by"] != "client"), None)
    return "" if closed is None else f": {closed.actor} was closed ({closing_of(closed.data)})"
