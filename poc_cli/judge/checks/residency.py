"""The checks `sleeps` and `stays-awake`."""

from collections import Counter
from collections.abc import Mapping

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.check_registry import check
from poc_cli.judge.checks import black_box_checks
from poc_cli.judge.claim_sleeps import objects_of, rests_of, watches_of
from poc_cli.judge.fences import is_cut_short, step_of
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.proof import proven_sleeps
from poc_cli.judge.sleeps import Sleep, describe_pins, sleeps_of
from poc_cli.record.play_record import PlayRecord, StepRecord
from poc_cli.residency.sleep_onset import ASLEEP_BY_SECONDS, AWAKE_FROM_SECONDS
from poc_cli.scenario.check_names import CheckEntry
from poc_cli.scenario.model import Claim
from poc_cli.scenario.wording import several

BUSY_FOR_MS = 40_000
"""An object that events keep in memory for this long, though no client sends any, never sleeps: three idle timeouts."""


@check(
    CheckEntry(
        name="sleeps",
        order=30,
        meaning=(
            "Each object left memory while a socket was open. Refuted when one is still there 13 s after its last "
            "event."
        ),
        about_sleep=True,
        beyond_state=True,
    )
)
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
    return held("; ".join(dict.fromkeys(_describe(sleep) for sleep in proven[:3])), evidence, proven)


def _missed(play: PlayRecord, bound: Mapping[str, frozenset[int]]) -> Finding | None:
    """Return why the claim does not hold although each object slept: not every time, or the play ended."""
    made = {(sleep.label, index) for sleep in sleeps_of(play) for index in sleep.steps}
    begun = {step.index: step for step in play.steps}
    for label, rests in bound.items():
        for index in sorted(rests):
            if (label, index) in made:
                continue
            step = begun.get(index)
            if step is None or step.ended is None:
                return unknown(f"{label} slept, but the play ended before it should sleep again: {play.ending}")
            return unknown(f"it slept, but not every time: {step.reason}", (step.end_id,))
    return None


def never_sleeps(play: PlayRecord, awake: Event) -> Finding | None:
    """Return the finding on an object that was observed in memory, None if it was not observed for long enough.

    Without a pin, the time counts from its last work, which restarts the timer. An object that clients sent messages to
    meanwhile may still sleep.
    """
    label = awake.actor.removeprefix("object:")
    if _quiet_seconds(awake) >= ASLEEP_BY_SECONDS:
        idle = _idle_seconds(awake)
        message = f"{label} was still in memory {idle:.1f} s after its last event, pinned by {describe_pins(awake)}"
        return refuted(message, (awake.id,))
    if awake.data["watched_ms"] < BUSY_FOR_MS:
        return None
    spoke = _spoke(play, awake)
    seconds = awake.data["watched_ms"] / 1000
    if spoke:
        clients = ", ".join(dict.fromkeys(event.actor for event in spoke))
        message = (
            f"{label} was still in memory after {seconds:.0f} s, in which {clients} sent {several(len(spoke), 'frame')}"
        )
        return unknown(f"{message}, so it was not left idle", (awake.id, *(event.id for event in spoke)))
    kept = f"{label} was still in memory after {seconds:.0f} s in which no client sent anything"
    return refuted(f"{kept}, kept in memory by {_busy_with(play, awake)}", (awake.id,))


def kept_awake(play: PlayRecord, step: StepRecord, label: str) -> Finding | None:
    """Return the finding on an object that a `hibernate` step observed in memory, None if it decides nothing."""
    if not play.place.has_trace:
        return black_box_checks.kept_awake(play, step, label)
    awake = (event for event in play.of_kind(kinds.AWAKE) if step.begun.id < event.id < step.end_id)
    found = next((event for event in awake if event.actor == f"object:{label}"), None)
    return None if found is None else never_sleeps(play, found)


def _spoke(play: PlayRecord, awake: Event) -> list[Event]:
    """Return the frames that clients sent in the step in which an object was observed."""
    step = step_of(play, awake)
    since = 0 if step is None else step.begun.id
    return [event for event in play.frames_sent if since < event.id < awake.id]


def _busy_with(play: PlayRecord, awake: Event) -> str:
    """Return the events that reached an object while it was observed, with a count for each name."""
    since = awake.data["at_ns"] - awake.data["watched_ms"] * 1_000_000
    names = Counter(
        str(event.data["name"])
        for event in play.of_kind(kinds.DELIVERED)
        if event.actor == awake.actor and event.id < awake.id and event.data["at_ns"] > since
    )
    return ", ".join(f"{number} x {name}" for name, number in names.most_common()) or "work of its own"


def _describe(sleep: Sleep) -> str:
    sockets = len(sleep.sockets)
    return f"{sleep.label} {sleep.description} with {sockets} socket{'' if sockets == 1 else 's'} open"


@check(
    CheckEntry(
        name="stays-awake",
        order=40,
        meaning=(
            "Each object was still in memory 11 s after its last event, 13 s without a pin. Refuted when one has left."
        ),
        wants_awake=True,
        beyond_state=True,
    )
)
def stays_awake(play: PlayRecord, claim: Claim) -> Finding:
    """Held by an object in memory 11 s after its last event, 13 s without a pin; refuted by one that left."""
    if not play.place.has_trace:
        return black_box_checks.stays_awake(play, claim)
    return worst([_stays_awake(play, claim, label) for label in objects_of(play, claim)])


def _stays_awake(play: PlayRecord, claim: Claim, label: str) -> Finding:
    """Judge the first observation of an object, in the steps in which it is observed, that decides the claim."""
    actor, watches = f"object:{label}", watches_of(play, claim)
    watched = [
        event
        for event in play.of_kind(kinds.AWAKE, kinds.PROBED, kinds.LEFT)
        if event.actor == actor and "at_last_activity_ns" in event.data and event.data.get("how") != "died"
    ]
    asleep = next((each for each in sleeps_of(play) if each.label == label and each.steps & watches), None)
    if asleep is not None:
        return refuted(_describe_leaving(label, asleep.left), (asleep.left.id,), (asleep,))
    for event in watched:
        step = step_of(play, event)
        if step is None or step.index not in watches:
            continue
        if event.kind == kinds.LEFT:
            continue
        if _quiet_seconds(event) < (AWAKE_FROM_SECONDS if event.data.get("pins") else ASLEEP_BY_SECONDS):
            continue
        leaving = next((later for later in watched if _left_by_timer_after(event, later)), None)
        if leaving is not None:
            return refuted(_describe_leaving(label, leaving), (event.id, leaving.id))
        if _quiet_seconds(event) < ASLEEP_BY_SECONDS and is_cut_short(play) and event is watched[-1]:
            return unknown(
                f"the record ends before it shows whether {label} left right after it was observed: {play.ending}"
            )
        idle = _idle_seconds(event)
        pins = f", pinned by {describe_pins(event)}" if event.data.get("pins") else ""
        return held(f"{label} was still in memory {idle:.1f} s after its last event{pins}", (event.id,))
    return unknown(
        f"{label} was not observed for {AWAKE_FROM_SECONDS:g} s after its last event "
        f"({ASLEEP_BY_SECONDS:g} s without a pin)"
    )


def _describe_leaving(label: str, left: Event) -> str:
    return f"{label} left memory {_idle_seconds(left):.3f} s after its last event"


def _left_by_timer_after(watched: Event, left: Event) -> bool:
    """Return whether the idle timer that was running at an observation ended the stay later.

    An object that stays longer than any timer takes was pinned, and left for another reason.
    """
    if left.kind != kinds.LEFT or left.id < watched.id or left.data["how"] != "idle":
        return False
    same = all(left.data[name] == watched.data[name] for name in ("at_last_event_ns", "at_last_activity_ns"))
    return same and left.data["at_ns"] - left.data["at_last_activity_ns"] < ASLEEP_BY_SECONDS * 1e9


def _idle_seconds(event: Event) -> float:
    return float(event.data["at_ns"] - event.data["at_last_event_ns"]) / 1e9


def _quiet_seconds(event: Event) -> float:
    """Return how many seconds the idle timer has had to fire.

    They count from the last event if the object is pinned, else from the last work, which restarts the timer. Time in
    which the runtime did not run does not count.
    """
    since = "at_last_event_ns" if event.data.get("pins") else "at_last_activity_ns"
    return float(event.data["at_ns"] - event.data[since]) / 1e9 - float(event.data.get("late_ms", 0)) / 1e3
