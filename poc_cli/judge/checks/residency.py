"""Does the object leave memory, does it stay, does it stay away?

Never forecasts: work that is pending names the cause, only residency is the proof.
"""

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.proof import objects_of, proven_sleeps
from poc_cli.judge.record import FOREVER, PlayRecord
from poc_cli.judge.sleeps import Sleep, pins_told
from poc_cli.scenario.model import Claim

ASLEEP_BY_SECONDS = 13.0
"""An object still in memory so long after its last event does not sleep (the timer is 10.00 s; RUNTIME 12)."""

AWAKE_FROM_SECONDS = 11.0
"""An object still in memory so long after its last event stays awake."""


def sleeps(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by an object in memory 13 s after its last event; held by a proven sleep of each object."""
    for event in _residents(play, claim):
        idle = _idle_seconds(event)
        if idle >= ASLEEP_BY_SECONDS:
            label = event.actor.removeprefix("object:")
            told = f"{label} was still in memory {idle:.1f} s after its last event, pinned by {pins_told(event)}"
            return refuted(told, (event.id,))
    found = proven_sleeps(play, claim)
    if isinstance(found, Finding):
        return found
    evidence = [event for sleep in found for event in sleep.evidence]
    return held("; ".join(dict.fromkeys(_told(sleep) for sleep in found[:3])), evidence)


def _told(sleep: Sleep) -> str:
    sockets = len(sleep.sockets)
    return f"{sleep.label} {sleep.told} with {sockets} socket{'' if sockets == 1 else 's'} open"


def stays_awake(play: PlayRecord, claim: Claim) -> Finding:
    """Held by an object in memory 11 s after its last event; refuted by one that left memory."""
    return worst([_stays_awake(play, label) for label in objects_of(play, claim)])


def _stays_awake(play: PlayRecord, label: str) -> Finding:
    actor = f"object:{label}"
    for event in play.of_kind(kinds.AWAKE, kinds.PROBED, kinds.LEFT):
        if event.actor != actor or "at_last_event_ns" not in event.data or event.data.get("how") == "died":
            continue
        idle = _idle_seconds(event)
        if idle >= AWAKE_FROM_SECONDS:
            pins = f", pinned by {pins_told(event)}" if event.data.get("pins") else ""
            return held(f"{label} was still in memory {idle:.1f} s after its last event{pins}", (event.id,))
        if event.kind == kinds.LEFT and event.data["how"] in {"idle", "evict"}:
            return refuted(f"{label} left memory {idle:.3f} s after its last event", (event.id,))
    return unknown(f"{label} was not watched for {AWAKE_FROM_SECONDS:g} s after its last event")


def _residents(play: PlayRecord, claim: Claim) -> list[Event]:
    actors = {f"object:{label}" for label in objects_of(play, claim)}
    return [event for event in play.of_kind(kinds.AWAKE) if event.actor in actors]


def _idle_seconds(event: Event) -> float:
    return float(event.data["at_ns"] - event.data["at_last_event_ns"]) / 1e9


def no_wake(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by an object that woke before the story resumed it; held where something was sent to it meanwhile."""
    found = proven_sleeps(play, claim)
    if isinstance(found, Finding):
        return found
    return worst([_slept_on(play, sleep) for sleep in found])


def _slept_on(play: PlayRecord, sleep: Sleep) -> Finding:
    resume = next((step for step in play.steps if step.verb == "resume" and step.begun.id > sleep.left.id), None)
    until = FOREVER if resume is None else resume.begun.id
    woken = sleep.back is not None and sleep.back.id < until
    if woken or (resume is not None and resume.failure == "woken"):
        return refuted(
            f"{sleep.label} was woken by {sleep.woken_by or 'something'} before it was resumed", sleep.evidence
        )
    sent = [event.id for event in play.of_kind(kinds.SENT) if sleep.left.id < event.id < until]
    if not sent:
        return unknown(f"nothing was sent while {sleep.label} slept", sleep.evidence)
    return held(f"{sleep.label} slept on through {len(sent)} message(s)", (*sleep.evidence, *sent))
