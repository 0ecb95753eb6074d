"""The checks `no-event-fails` and `no-crash`."""

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.check_registry import check
from poc_cli.judge.claim_sleeps import objects_of
from poc_cli.judge.fences import fences_of
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.record.play_record import PlayRecord, StepRecord
from poc_cli.record.self_ended import why_self_ended
from poc_cli.record.source_lines import threw_words
from poc_cli.scenario.check_names import CheckEntry
from poc_cli.scenario.model import Claim, On, Step
from poc_cli.scenario.wording import several

_WORKER = "worker"
"""The actor of exceptions outside of the objects that the story names."""


@check(
    CheckEntry(
        name="no-event-fails",
        order=56,
        meaning=(
            "Nothing that the worker threw was left uncaught: in no handler, timer or promise of the objects, nor of "
            "the Worker before them, up to a `probe` or another step that reads the trace after the last message."
        ),
        seen_in_trace="what the worker throws",
        beyond_state=True,
    )
)
def no_event_fails(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by an exception that nothing caught, also where no client could notice it."""
    labels = objects_of(play, claim)
    actors = {f"object:{label}" for label in labels} | (set() if claim.of else {_WORKER})
    thrown = [event for event in play.of_kind(kinds.THREW) if event.actor in actors]
    if thrown:
        more = "" if len(thrown) == 1 else f", and {len(thrown) - 1} more"
        return refuted(f"{_words(thrown[0])}{more}", [event.id for event in thrown])
    entered = [event for label in labels for event in play.of_actor(f"object:{label}") if event.kind == kinds.ENTERED]
    if not entered:
        return unknown("nothing shows that an object was in memory")
    ids = [event.id for event in entered]
    if play.outcome != "done":
        return unknown(f"nothing was thrown, but {play.ending}", ids)
    fence = read_after_all(play)
    if fence is None:
        advice = "end the story with a probe, after a step that gets an answer"
        return unknown(f"nothing shows what was thrown after the last message: {advice}", ids)
    return held(f"nothing was thrown in {several(len(entered), 'stay')} in memory", (*ids, fence))


def _words(event: Event) -> str:
    return threw_words(event.data, event.actor.removeprefix("object:"))


@check(
    CheckEntry(
        name="no-crash",
        order=55,
        meaning=(
            "Each object left memory only to sleep or by a fault of the story, up to a `probe` or another step that "
            "reads the trace after the last message. Refuted by a stay that ended by itself: `ctx.abort()`, or a "
            "constructor that throws."
        ),
        seen_in_trace="how an object left memory",
        beyond_state=True,
    )
)
def no_crash(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by an object that left memory other than by a sleep or a fault; held if the trace was read at the end."""
    return worst([_no_crash(play, label) for label in objects_of(play, claim)])


def _no_crash(play: PlayRecord, label: str) -> Finding:
    mine = play.of_actor(f"object:{label}")
    entered = [event.id for event in mine if event.kind == kinds.ENTERED]
    left = [event for event in mine if event.kind == kinds.LEFT]
    crash = next((event for event in left if event.data["how"] == "dropped"), None)
    if crash is not None:
        return refuted(f"{label} ended by itself: {why_self_ended(crash, play.events)}", (crash.id,))
    unexplained = next((event for event in left if _died_without_a_fault(play, event)), None)
    if unexplained is not None:
        return unknown(f"{label} ended with its process, which no step ended", (unexplained.id,))
    if not entered:
        return unknown(f"nothing shows that {label} was in memory")
    if play.outcome != "done":
        return unknown(f"{label} did not end by itself, but {play.ending}", entered)
    fence = read_after_all(play)
    if fence is None:
        advice = "end the story with a probe, after a step that gets an answer"
        return unknown(f"nothing shows what happened to {label} after the last message: {advice}", entered)
    return held(f"{label} did not end by itself in {several(len(entered), 'stay')} in memory", (*entered, fence))


def _died_without_a_fault(play: PlayRecord, left: Event) -> bool:
    return left.data["how"] == "died" and not any(fault.id < left.id for fault in play.of_kind(kinds.FAULT))


def read_after_all(play: PlayRecord) -> int | None:
    """Return the event at which the trace was read after the last step that may have ended an object, if any."""
    last = next((step for step in reversed(play.steps) if _planned(play, step).touches_objects), None)
    if last is None or not fences_of(play) or fences_of(play)[-1] < last.end_id:
        return None
    return None if _is_under_way(play, last) else fences_of(play)[-1]


def _is_under_way(play: PlayRecord, step: StepRecord) -> bool:
    """Return whether a step waited for no answer, so that its message may have arrived after the trace was read."""
    planned = _planned(play, step)
    return isinstance(planned, On) and planned.sends and not planned.expects


def _planned(play: PlayRecord, step: StepRecord) -> Step:
    return play.play.steps[step.index].step
