"""Does the object leave memory, does it stay?"""

from collections import Counter
from collections.abc import Mapping

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.binding import objects_of, rests_of, watches_of
from poc_cli.judge.checks import black_box_checks
from poc_cli.judge.fences import is_cut_short, step_of
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.proof import proven_sleeps
from poc_cli.judge.sleeps import Sleep, pins_told, sleeps_of
from poc_cli.record.play_record import PlayRecord, StepRecord
from poc_cli.residency.sleep_onset import ASLEEP_BY_SECONDS, AWAKE_FROM_SECONDS
from poc_cli.scenario.model import Claim

BUSY_FOR_MS = 40_000
"""An object that events keep in memory for so long, though no client sends any, never sleeps: three idle windows."""


def sleeps(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by an object in memory 13 s after its last event; held by a proven sleep of each object."""
    if not play.place.has_trace:
        return black_box_checks.sleeps(play, claim)
    bound = rests_of(play, claim)
    undecided: list[Finding] = []
    for label, rests in bound.items():
        for event in play.of_kind(kinds.AWAKE):
            step = step_of(play, event)
            if event.actor != f"object:{label}" or step is None or step.index not in rests:
                continue
            found = never_sleeps(play, event)
            if found is not None and found.verdict == "refuted":
                return found
            undecided += [found] if found is not None else []
    proven = proven_sleeps(play, claim)
    if undecided:
        return undecided[0]
    if isinstance(proven, Finding):
        return proven
    missed = _missed(play, bound)
    if missed is not None:
        return missed
    evidence = [event for sleep in proven for event in sleep.evidence]
    return held("; ".join(dict.fromkeys(_describe(sleep) for sleep in proven[:3])), evidence)


def _missed(play: PlayRecord, bound: Mapping[str, frozenset[int]]) -> Finding | None:
    """Return why the claim is not held although each object slept: one did not sleep every time, or the play ended."""
    made = {(sleep.label, index) for sleep in sleeps_of(play) for index in sleep.steps}
    begun = {step.index: step for step in play.steps}
    for label, rests in bound.items():
        for index in sorted(rests):
            if (label, index) in made:
                continue
            step = begun.get(index)
            if step is None or step.ended is None:
                return unknown(f"{label} slept, but the play ended before it was to sleep again: {play.ending}")
            return unknown(f"it slept, but not every time: {step.reason}", (step.end_id,))
    return None


def never_sleeps(play: PlayRecord, awake: Event) -> Finding | None:
    """Return what it shows that an object was found in memory; None where it was not watched for long enough.

    Where nothing pins it, it must be in memory so long after its last work, which starts the timer anew. An object that
    clients spoke to while it was watched may well sleep.
    """
    label = awake.actor.removeprefix("object:")
    if _quiet_seconds(awake) >= ASLEEP_BY_SECONDS:
        idle = _idle_seconds(awake)
        message = f"{label} was still in memory {idle:.1f} s after its last event, pinned by {pins_told(awake)}"
        return refuted(message, (awake.id,))
    if awake.data["watched_ms"] < BUSY_FOR_MS:
        return None
    spoke = _spoke(play, awake)
    seconds = awake.data["watched_ms"] / 1000
    if spoke:
        clients = ", ".join(dict.fromkeys(event.actor for event in spoke))
        message = f"{label} was still in memory after {seconds:.0f} s, in which {clients} sent {len(spoke)} frame(s)"
        return unknown(f"{message}: nobody left it alone", (awake.id, *(event.id for event in spoke)))
    kept = f"{label} was still in memory after {seconds:.0f} s in which no client sent anything"
    return refuted(f"{kept}, kept busy by {_busy_with(play, awake)}", (awake.id,))


def kept_awake(play: PlayRecord, step: StepRecord, label: str) -> Finding | None:
    """Return what was found about an object that a `hibernate` step found in memory."""
    if not play.place.has_trace:
        return black_box_checks.kept_awake(play, step, label)
    awake = (event for event in play.of_kind(kinds.AWAKE) if step.begun.id < event.id < step.end_id)
    found = next((event for event in awake if event.actor == f"object:{label}"), None)
    return None if found is None else never_sleeps(play, found)


def _spoke(play: PlayRecord, awake: Event) -> list[Event]:
    """Return what clients sent by themselves in the step in which an object was watched."""
    step = step_of(play, awake)
    since = 0 if step is None else step.begun.id
    return [event for event in play.frames_sent if since < event.id < awake.id]


def _busy_with(play: PlayRecord, awake: Event) -> str:
    """Return the events that reached an object while it was watched, counted by their names."""
    since = awake.data["at_ns"] - awake.data["watched_ms"] * 1_000_000
    names = Counter(
        str(event.data["name"])
        for event in play.of_kind(kinds.DELIVERED)
        if event.actor == awake.actor and event.id < awake.id and event.data["at_ns"] > since
    )
    return ", ".join(f"{number} x {name}" for name, number in names.most_common()) or "work of its own"


def _describe(sleep: Sleep) -> str:
    sockets = len(sleep.sockets)
    return f"{sleep.label} {sleep.told} with {sockets} socket{'' if sockets == 1 else 's'} open"


def stays_awake(play: PlayRecord, claim: Claim) -> Finding:
    """Held by an object in memory 11 s after its last event, 13 s if nothing pins it; refuted by one that left."""
    if not play.place.has_trace:
        return black_box_checks.stays_awake(play, claim)
    return worst([_stays_awake(play, claim, label) for label in objects_of(play, claim)])


def _stays_awake(play: PlayRecord, claim: Claim, label: str) -> Finding:
    """Judge what the trace said of an object in the steps in which it was watched, the first time it says enough."""
    actor, watches = f"object:{label}", watches_of(play, claim)
    watched = [
        event
        for event in play.of_kind(kinds.AWAKE, kinds.PROBED, kinds.LEFT)
        if event.actor == actor and "at_last_activity_ns" in event.data and event.data.get("how") != "died"
    ]
    asleep = next((each for each in sleeps_of(play) if each.label == label and each.steps & watches), None)
    if asleep is not None:
        return refuted(_left_told(label, asleep.left), (asleep.left.id,))
    for event in watched:
        step = step_of(play, event)
        if step is None or step.index not in watches:
            continue
        if event.kind == kinds.LEFT:
            continue
        if _quiet_seconds(event) < (AWAKE_FROM_SECONDS if event.data.get("pins") else ASLEEP_BY_SECONDS):
            continue
        leaving = next((later for later in watched if _strikes_late(event, later)), None)
        if leaving is not None:
            return refuted(_left_told(label, leaving), (event.id, leaving.id))
        if _quiet_seconds(event) < ASLEEP_BY_SECONDS and is_cut_short(play) and event is watched[-1]:
            return unknown(f"{label} was watched, and whether it left right after is not in the record: {play.ending}")
        idle = _idle_seconds(event)
        pins = f", pinned by {pins_told(event)}" if event.data.get("pins") else ""
        return held(f"{label} was still in memory {idle:.1f} s after its last event{pins}", (event.id,))
    return unknown(
        f"{label} was not watched for {AWAKE_FROM_SECONDS:g} s after its last event "
        f"({ASLEEP_BY_SECONDS:g} s where nothing pins it)"
    )


def _left_told(label: str, left: Event) -> str:
    return f"{label} left memory {_idle_seconds(left):.3f} s after its last event"


def _strikes_late(watched: Event, left: Event) -> bool:
    """Return whether the idle timer of that very rest ended the stay, after poc had stopped waiting for it.

    An object that stays for longer than any timer takes was kept, and left for another reason.
    """
    if left.kind != kinds.LEFT or left.id < watched.id or left.data["how"] != "idle":
        return False
    same = all(left.data[name] == watched.data[name] for name in ("at_last_event_ns", "at_last_activity_ns"))
    return same and left.data["at_ns"] - left.data["at_last_activity_ns"] < ASLEEP_BY_SECONDS * 1e9


def _idle_seconds(event: Event) -> float:
    return float(event.data["at_ns"] - event.data["at_last_event_ns"]) / 1e9


def _quiet_seconds(event: Event) -> float:
    """Return how long the idle timer has had to strike.

    From the last event where work pins the object, else from the last work, which starts the timer anew. A time in
    which the runtime did not run is none.
    """
    since = "at_last_event_ns" if event.data.get("pins") else "at_last_activity_ns"
    return float(event.data["at_ns"] - event.data[since]) / 1e9 - float(event.data.get("late_ms", 0)) / 1e3
