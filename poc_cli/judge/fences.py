"""Find up to which events the runtime's trace is known to have been read, and which step an event is in.

The trace is buffered, and the engine reads it to its end only at fences: before an object is probed, put to sleep,
resumed or ended, and, once an object of the play has slept, after each step that waits for something.
"""

from bisect import bisect_right
from itertools import chain

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.play_record import PlayRecord, StepRecord
from poc_cli.scenario.model import On


def fences_of(play: PlayRecord) -> list[int]:
    """Return the ids of the events before which the whole trace had been read and recorded, in order."""
    known: list[int] | None = play.memo.get("fences")
    if known is None:
        known = play.memo["fences"] = sorted(set(_fences(play)))
    return known


def _fences(play: PlayRecord) -> list[int]:
    asked = [event.id for event in play.of_kind(kinds.PROBED, kinds.EVICTING, kinds.AWAKE)]
    hibernates = {step.index for step in play.steps if step.verb == "hibernate"}
    ends = [step.end_id for step in play.steps if step.ok and step.index in hibernates]
    # A `hibernate` step reads the trace to its end before it waits; what it records after that is in order.
    for event in play.of_kind(kinds.LEFT):
        step = step_of(play, event)
        if step is not None and step.index in hibernates:
            ends.append(event.id)
    slept = next((event.id for event in play.of_kind(kinds.LEFT) if event.data.get("how") in {"idle", "evict"}), None)
    waited: list[int] = []
    if slept is not None:
        waited = [step.end_id for step in play.steps if step.ok and step.end_id > slept and not _only_sends(play, step)]
    resumes = {step.index for step in play.steps if step.verb == "resume" and step.failure != "woken"}
    first: dict[int, int] = {}
    for event in play.frames_sent:
        if event.step in resumes:
            first.setdefault(event.step, event.id)
    return [*chain(asked, ends, waited, first.values())]


def _only_sends(play: PlayRecord, step: StepRecord) -> bool:
    """Return whether a step waits for nothing, so that its message may still be in flight at its end."""
    placed = play.play.steps[step.index].step
    return isinstance(placed, On) and placed.sends and not placed.expects


def step_of(play: PlayRecord, event: Event) -> StepRecord | None:
    """Return the step in which an event was recorded, None before the first."""
    begun: list[int] | None = play.memo.get("steps begun")
    if begun is None:
        begun = play.memo["steps begun"] = [step.begun.id for step in play.steps]
    number = bisect_right(begun, event.id)
    return play.steps[number - 1] if number else None


def is_cut_short(play: PlayRecord) -> bool:
    """Return whether a play was cut short: it ended neither after its last step nor at a failed precondition."""
    if play.outcome == "done":
        return False
    last = play.steps[-1] if play.steps else None
    return last is None or last.ended is None or last.ok or last.claim is not None
