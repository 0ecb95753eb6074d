"""The check `no-wake`."""

from dataclasses import dataclass

from poc_cli.history.event import Event
from poc_cli.judge.check_registry import check
from poc_cli.judge.claim_sleeps import last_rest_before
from poc_cli.judge.fences import fences_of
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.frames_in_flight import on_its_way
from poc_cli.judge.proof import proven_sleeps
from poc_cli.judge.sleeps import Sleep
from poc_cli.record.play_record import FOREVER, PlayRecord
from poc_cli.scenario.check_names import CheckEntry
from poc_cli.scenario.model import Claim


@dataclass(frozen=True, slots=True)
class _Window:
    """The event until which an object must sleep on; `is_open` if the play ended before."""

    until: int
    is_open: bool


@check(
    CheckEntry(
        name="no-wake",
        order=50,
        meaning="Something was sent while the object slept, and it slept on until it was resumed.",
        seen_in_trace="that nothing woke the object",
        beyond_state=True,
    )
)
def no_wake(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by an object that woke before the story resumed it; held if something was sent to it meanwhile."""
    found = proven_sleeps(play, claim)
    if isinstance(found, Finding):
        return found
    named = any(placed.step.claim == claim.id for placed in play.play.steps) or claim.after is not None
    if not named:
        # A story may also put its object to sleep for another reason and wake it by any message.
        found = tuple(each for each in found if _resume_after(play, each) is not None) or found
    return worst([_slept_on(play, claim, sleep) for sleep in found])


def _slept_on(play: PlayRecord, claim: Claim, sleep: Sleep) -> Finding:
    window = _window(play, claim, sleep)
    if isinstance(window, Finding):
        return window
    if sleep.back is not None and sleep.back.id < window.until:
        earlier = _first_on_its_way(play, sleep, sleep.left)
        if earlier is not None:
            message = f"{sleep.label} may have been woken by what {earlier.actor} had sent before it slept"
            return unknown(message, (earlier.id, *sleep.evidence))
        return refuted(
            f"{sleep.label} was woken by {sleep.woken_by or 'something'} before it was resumed",
            sleep.evidence,
            (sleep,),
        )
    sent = [
        event.id
        for event in play.frames_sent
        if sleep.left.id < event.id < window.until and any(socket.carried(event) for socket in sleep.sockets)
    ]
    if not sent:
        return unknown(f"nothing was sent while {sleep.label} slept", sleep.evidence)
    late = _last_unproven(play, sleep, window, sent[-1])
    if late is not None:
        return unknown(f"nothing shows that {sleep.label} slept on after event {late} arrived", (*sleep.evidence, late))
    messages = "1 message" if len(sent) == 1 else f"{len(sent)} messages"
    return held(f"{sleep.label} slept on through {messages}", (*sleep.evidence, *sent), (sleep,))


def _last_unproven(play: PlayRecord, sleep: Sleep, window: _Window, sent: int) -> int | None:
    """Return a frame to an object that is not shown to have arrived while it slept, None without one."""
    until = play.by_id.get(window.until, play.end)
    if until is None or not _was_asleep_after(play, sleep, window, sent):
        return sent
    late = _first_on_its_way(play, sleep, until)
    return None if late is None else late.id


def _first_on_its_way(play: PlayRecord, sleep: Sleep, at: Event) -> Event | None:
    """Return the first frame on any socket of a sleep that may not have arrived when an event was recorded."""
    found = (on_its_way(play, socket, at) for socket in sleep.sockets)
    return min((frame for frame in found if frame is not None), key=lambda frame: frame.id, default=None)


def _was_asleep_after(play: PlayRecord, sleep: Sleep, window: _Window, sent: int) -> bool:
    """Return whether the trace, read to its end, showed the object still asleep after a message."""
    back = FOREVER if sleep.back is None else sleep.back.id
    return any(sent < fence < back and fence <= window.until for fence in fences_of(play)) and not window.is_open


def _resume_after(play: PlayRecord, sleep: Sleep) -> int | None:
    """Return the `resume` step that the story planned for a sleep: the first before the object should sleep again."""
    steps = play.play.steps
    last = max(sleep.steps)
    for index in range(last + 1, len(steps)):
        if steps[index].step.verb == "hibernate" and last_rest_before(play, sleep.label, index) == index:
            return None
        if steps[index].step.verb == "resume":
            return index
    return None


def _window(play: PlayRecord, claim: Claim, sleep: Sleep) -> _Window | Finding:
    """Return until when an object must sleep on.

    That is the message of the `resume` step, or without one the next step after those of the claim that sends or acts.
    """
    begun = {step.index: step for step in play.steps}
    resume = _resume_after(play, sleep)
    if resume is not None:
        sent = next((event.id for event in play.frames_sent if event.step == resume), None)
        if sent is not None:
            return _Window(sent, is_open=False)
        step = begun.get(resume)
        return _Window(FOREVER if step is None else step.end_id, is_open=step is None or step.ended is None)
    planned = [index for index, placed in enumerate(play.play.steps) if placed.step.claim == claim.id]
    mine = [index for index in planned if index > max(sleep.steps)]
    if not mine:
        return unknown(f"no step shows until when {sleep.label} should sleep on", sleep.evidence)
    last = begun.get(mine[-1])
    if last is None or last.ended is None:
        return _Window(FOREVER, is_open=True)
    planned_steps = play.play.steps
    later = (step for step in play.steps if step.index > last.index)
    acting = (step.begun.id for step in later if planned_steps[step.index].step.touches_objects)
    fence = next((each for each in fences_of(play) if each >= last.end_id), FOREVER)
    return _Window(min(next(acting, FOREVER), fence), is_open=False)
