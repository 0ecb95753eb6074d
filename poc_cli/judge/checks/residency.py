"""Does the object leave memory, does it stay, does it stay away?

Never forecasts: work that is pending names the cause, only residency is the proof.
"""

from collections import Counter

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.checks import boxed
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.proof import objects_of, proven_sleeps
from poc_cli.judge.record import FOREVER, PlayRecord, StepRecord
from poc_cli.judge.sleeps import Sleep, pins_told, sleeps_of
from poc_cli.residency.sweep import ASLEEP_BY_SECONDS, AWAKE_FROM_SECONDS
from poc_cli.scenario.model import Claim, Hibernate

BUSY_FOR_MS = 40_000
"""An object that events keep in memory for so long, though no client sends any, never sleeps: three idle windows."""


def sleeps(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by an object in memory 13 s after its last event; held by a proven sleep of each object."""
    if not play.place.has_trace:
        return boxed.sleeps(play, claim)
    for event in _residents(play, claim):
        told = _never_sleeps(play, event)
        if told is not None:
            return refuted(told, (event.id,))
    found = proven_sleeps(play, claim)
    if isinstance(found, Finding):
        return found
    failed = _failed_sleep(play, claim)
    if failed is not None:
        return unknown(f"it slept, but not every time: {failed.reason}", (failed.end_id,))
    evidence = [event for sleep in found for event in sleep.evidence]
    return held("; ".join(dict.fromkeys(_told(sleep) for sleep in found[:3])), evidence)


def _never_sleeps(play: PlayRecord, awake: Event) -> str | None:
    """Give why an object that was found in memory does not sleep, None where it was not watched for long enough.

    Where nothing pins it, that is so long after its last work, which starts the timer anew.
    """
    label = awake.actor.removeprefix("object:")
    idle = _idle_seconds(awake)
    if _quiet_seconds(awake) >= ASLEEP_BY_SECONDS:
        return f"{label} was still in memory {idle:.1f} s after its last event, pinned by {pins_told(awake)}"
    if awake.data["watched_ms"] >= BUSY_FOR_MS:
        busy = _busy_with(play, awake)
        seconds = awake.data["watched_ms"] / 1000
        kept = f"{label} was still in memory after {seconds:.0f} s in which no client sent anything"
        return f"{kept}, kept busy by {busy}"
    return None


def _busy_with(play: PlayRecord, awake: Event) -> str:
    """Give the events that reached an object while it was watched, counted by their names."""
    since = awake.data["at_ns"] - awake.data["watched_ms"] * 1_000_000
    names = Counter(
        str(event.data["name"])
        for event in play.of_kind(kinds.DELIVERED)
        if event.actor == awake.actor and event.id < awake.id and event.data["at_ns"] > since
    )
    return ", ".join(f"{number} x {name}" for name, number in names.most_common()) or "work of its own"


def _failed_sleep(play: PlayRecord, claim: Claim) -> StepRecord | None:
    """Give a `hibernate` step in which one of the claim's objects should have slept and did not."""
    for step in play.steps:
        placed = play.play.steps[step.index].step
        if not isinstance(placed, Hibernate) or step.failure is None or _should_stay_awake(play, step):
            continue
        meant = set(objects_of(play, claim)) & set(placed.of or play.play.objects)
        slept = {sleep.label for sleep in sleeps_of(play) if step.begun.id < sleep.left.id < step.end_id}
        if not meant <= slept:
            return step
    return None


def _told(sleep: Sleep) -> str:
    sockets = len(sleep.sockets)
    return f"{sleep.label} {sleep.told} with {sockets} socket{'' if sockets == 1 else 's'} open"


def stays_awake(play: PlayRecord, claim: Claim) -> Finding:
    """Held by an object in memory 11 s after its last event; refuted by one that left memory."""
    if not play.place.has_trace:
        return boxed.stays_awake(play, claim)
    return worst([_stays_awake(play, label) for label in objects_of(play, claim)])


def _stays_awake(play: PlayRecord, label: str) -> Finding:
    actor = f"object:{label}"
    watched = [
        event
        for event in play.of_kind(kinds.AWAKE, kinds.PROBED, kinds.LEFT)
        if event.actor == actor and "at_last_activity_ns" in event.data and event.data.get("how") != "died"
    ]
    # The timer has struck later than 11 s before (RUNTIME 12): a leaving after that same last event has the last word.
    left = {event.data["at_last_event_ns"]: event for event in watched if event.data.get("how") in {"idle", "evict"}}
    for event in watched:
        leaving = left.get(event.data["at_last_event_ns"])
        if leaving is not None:
            told = f"{label} left memory {_idle_seconds(leaving):.3f} s after its last event"
            return refuted(told, dict.fromkeys((event.id, leaving.id)))
        if _quiet_seconds(event) >= AWAKE_FROM_SECONDS:
            idle = _idle_seconds(event)
            pins = f", pinned by {pins_told(event)}" if event.data.get("pins") else ""
            return held(f"{label} was still in memory {idle:.1f} s after its last event{pins}", (event.id,))
    return unknown(f"{label} was not watched for {AWAKE_FROM_SECONDS:g} s after its last event")


def _residents(play: PlayRecord, claim: Claim) -> list[Event]:
    """Give when the claim's objects were found in memory in a step in which they should have slept."""
    actors = {f"object:{label}" for label in objects_of(play, claim)}
    awake = {step.index for step in play.steps if _should_stay_awake(play, step)}
    return [event for event in play.of_kind(kinds.AWAKE) if event.actor in actors and event.step not in awake]


def _should_stay_awake(play: PlayRecord, step: StepRecord) -> bool:
    """Whether a step is there to show that an object does not sleep."""
    claims = {claim.id for claim in play.scenario.document.claim if claim.check == "stays-awake"}
    return step.claim in claims


def _idle_seconds(event: Event) -> float:
    return float(event.data["at_ns"] - event.data["at_last_event_ns"]) / 1e9


def _quiet_seconds(event: Event) -> float:
    """Give how long the idle timer has had to strike.

    From the last event where work pins the object, else from the last work, which starts the timer anew. A time in
    which the runtime did not run is none.
    """
    since = "at_last_event_ns" if event.data.get("pins") else "at_last_activity_ns"
    return float(event.data["at_ns"] - event.data[since]) / 1e9 - float(event.data.get("late_ms", 0)) / 1e3


def no_wake(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by an object that woke before the story resumed it; held where something was sent to it meanwhile."""
    found = proven_sleeps(play, claim)
    if isinstance(found, Finding):
        return found
    return worst([_slept_on(play, sleep) for sleep in found])


def _slept_on(play: PlayRecord, sleep: Sleep) -> Finding:
    resume = next((step for step in play.steps if step.verb == "resume" and step.begun.id > sleep.left.id), None)
    until = FOREVER if resume is None else _sent_or_ended(play, resume)
    if sleep.back is not None and sleep.back.id < until:
        return refuted(
            f"{sleep.label} was woken by {sleep.woken_by or 'something'} before it was resumed", sleep.evidence
        )
    sent = [
        event.id
        for event in play.frames_sent
        if sleep.left.id < event.id < until and any(socket.carried(event) for socket in sleep.sockets)
    ]
    if not sent:
        return unknown(f"nothing was sent while {sleep.label} slept", sleep.evidence)
    return held(f"{sleep.label} slept on through {len(sent)} message(s)", (*sleep.evidence, *sent))


def _sent_or_ended(play: PlayRecord, resume: StepRecord) -> int:
    """Give the event up to which the object must have slept on: the resuming message, or the end without one."""
    return next((event.id for event in play.frames_sent if event.step == resume.index), resume.end_id)
