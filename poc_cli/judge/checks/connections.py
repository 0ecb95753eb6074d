"""The checks `connections-survive`, `connections-drop` and `close-handshake`."""

from dataclasses import dataclass

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.check_registry import check
from poc_cli.judge.claim_sleeps import faults_of, objects_of
from poc_cli.judge.fences import is_cut_short
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.frame_arrival import reach_of
from poc_cli.judge.ownership import sockets_of, unproven_sockets_of, why_not_owned
from poc_cli.judge.proof import asks_for_sleep, proven_sleeps
from poc_cli.judge.sleeps import DEFERRED, Sleep, fault_after, losses_of, sleeps_of
from poc_cli.record.closings import closing_of
from poc_cli.record.instances import instances_of
from poc_cli.record.play_record import FOREVER, Connection, PlayRecord
from poc_cli.record.self_ended import why_self_ended
from poc_cli.scenario.check_names import CheckEntry
from poc_cli.scenario.model import Claim, On, Restart, Step
from poc_cli.scenario.wording import several


@check(
    CheckEntry(
        name="connections-survive",
        order=10,
        meaning=(
            "On each connection that was open at the sleep, a frame of the client reached the object and a frame of"
            " the object reached the client, after the wake."
        ),
        seen_in_trace="whose sockets they are",
        or_by_sockets=True,
    )
)
def connections_survive(play: PlayRecord, claim: Claim) -> Finding:
    """Judge every connection that was open at a proven sleep."""
    sleeps = _updates(play, claim) or proven_sleeps(play, claim)
    if isinstance(sleeps, Finding):
        return _lost_before(play, claim) or sleeps
    end = _decided_at(play, claim)
    findings = [_survived(play, sleep, connection, end) for sleep in sleeps for connection in sockets_of(play, sleep)]
    findings += [
        unknown(why_not_owned(play, sleep, connection), sleep.evidence)
        for sleep in sleeps
        for connection in unproven_sockets_of(play, sleep)
    ]
    result = worst(findings)
    if result.verdict != "held":
        return result
    if end is None:
        return unknown(f"{result.reason or 'every client spoke'}, but {play.ending}", result.evidence)
    clients = sorted({connection.client for sleep in sleeps for connection in sleep.sockets})
    listed = ", ".join(clients) if len(clients) <= 4 else f"{len(clients)} clients"  # noqa: PLR2004 - fits a line
    return held(
        f"{sleeps[0].label} {sleeps[0].description}; {listed} then spoke with it on the same connection",
        result.evidence,
        result.losses,
    )


def _updates(play: PlayRecord, claim: Claim) -> tuple[Sleep, ...] | Finding | None:
    """Return when the claim's objects took over a deferred version, None if the claim is not about one."""
    faults = {index for index in faults_of(play, claim) if _is_deferred(play.play.steps[index].step)}
    if not faults or claim.after is None:
        return None
    found = tuple(loss for loss in losses_of(play) if loss.way == DEFERRED and loss.steps & faults)
    for label in objects_of(play, claim):
        if not any(loss.label == label for loss in found):
            return unknown(f"no other instance of {label} answered after the deployment")
    return tuple(loss for loss in found if loss.label in objects_of(play, claim))


def _lost_before(play: PlayRecord, claim: Claim) -> Finding | None:
    """Return the loss of a socket at an earlier sleep, because of which the story did not reach the claim's sleep."""
    if claim.after is not None:
        return None
    asked_for = (each for each in sleeps_of(play) if each.label in objects_of(play, claim) and each.steps)
    findings = (_survived(play, sleep, each, None) for sleep in asked_for for each in sockets_of(play, sleep))
    return next((finding for finding in findings if finding.verdict == "refuted"), None)


@check(
    CheckEntry(
        name="connections-drop",
        order=20,
        meaning="A fault broke every connection that was open at it, and no client had closed it.",
        beyond_state=True,
    )
)
def connections_drop(play: PlayRecord, claim: Claim) -> Finding:
    """Held if a fault closed every connection that was open at it, and no client did."""
    wanted, faults = set(objects_of(play, claim)), faults_of(play, claim)
    losses = [loss for loss in losses_of(play) if loss.label in wanted and loss.sockets and loss.steps & faults]
    if not losses:
        return unknown("no fault ended an object with a socket open")
    findings = [_dropped(play, loss, connection) for loss in losses for connection in loss.sockets]
    result = worst(findings)
    if result.verdict != "held":
        return result
    return held(
        f"{losses[0].label} {losses[0].description}, and {several(len(findings), 'connection')} broke with it",
        result.evidence,
        result.losses,
    )


def _dropped(play: PlayRecord, loss: Sleep, connection: Connection) -> Finding:
    closed = connection.closed
    if closed is None and is_cut_short(play):
        return unknown(f"{connection.client} was still open when the record ended: {play.ending}", (loss.left.id,))
    if closed is None:
        return refuted(f"{connection.client} was still open at the end of the play", (loss.left.id,), (loss,))
    if closed.data["by"] == "client":
        return refuted(f"{connection.client} stayed open until it closed itself", (loss.left.id, closed.id), (loss,))
    return held("", (loss.left.id, closed.id), (loss,))


def _is_deferred(step: Step) -> bool:
    """Return whether a step deploys a version that objects take over once they hibernate."""
    return isinstance(step, Restart) and step.restart == DEFERRED


def _decided_at(play: PlayRecord, claim: Claim) -> int | None:
    """Return the event up to which sockets must stay open, None if the record ends before.

    It is the end of the last step that names the claim, or of the play if none does.
    """
    planned = [index for index, placed in enumerate(play.play.steps) if placed.step.claim == claim.id]
    if not planned:
        return None if is_cut_short(play) else FOREVER
    last = next((step for step in play.steps if step.index == planned[-1]), None)
    if last is not None and last.ended is not None:
        return last.end_id
    return None if is_cut_short(play) else FOREVER


@dataclass(frozen=True, slots=True)
class _Spoken:
    """The exchange after a sleep: the ids of the client's frame and of the object's, None if one is missing."""

    sent: int | None
    got: int | None

    @property
    def both(self) -> tuple[int, int] | None:
        """Both, None if one is missing."""
        return None if self.sent is None or self.got is None else (self.sent, self.got)


def _survived(play: PlayRecord, sleep: Sleep, connection: Connection, end: int | None) -> Finding:
    spoken = _spoken(play, sleep, connection)
    closed = connection.closed
    if closed is not None and spoken.both is not None and end is not None and closed.id > end:
        closed = None  # the claim was decided before it closed
    if closed is not None and closed.data["by"] != "client" and not _was_to_be_closed(play, closed):
        return _closed_by_other(play, sleep, connection, closed, spoken)
    if spoken.both is None:
        message = f"{connection.client} was not used after {_which(play, sleep)}"
        return unknown(f"{message}: {_missing(sleep, spoken, connection)}", sleep.evidence)
    return held("", (*sleep.evidence, *spoken.both), (sleep,))


def _which(play: PlayRecord, sleep: Sleep) -> str:
    """Return a phrase for a sleep: the object and the line of its step."""
    step = next((each for each in play.steps if each.index in sleep.steps), None)
    return f"{sleep.label} slept" if step is None else f"{sleep.label} slept (line {step.begun.data['line']})"


def _missing(sleep: Sleep, spoken: _Spoken, connection: Connection) -> str:
    """Return a phrase for the missing direction of an exchange."""
    client, label = connection.client, sleep.label
    if spoken.sent is None and spoken.got is None:
        return f"nothing shows that a frame of {client} reached {label}, or one of {label} reached {client}"
    if spoken.sent is None:
        return f"nothing shows that a frame of {client} reached {label}"
    return f"nothing shows that a frame of {label} reached {client}"


def _spoken(play: PlayRecord, sleep: Sleep, connection: Connection) -> _Spoken:
    """Return the exchange of a client and the object on a connection after a sleep."""
    if sleep.back is None:
        return _Spoken(None, None)
    if not play.place.has_trace:
        both = _answered(play, sleep, connection)
        return _Spoken(None, None) if both is None else _Spoken(*both)
    reach = reach_of(play, sleep.label)
    sent = reach.first_that_reached(connection, sleep.left.id)
    got = reach.first_that_came(connection, sleep.left.id, sleep.back.id)
    return _Spoken(None if sent is None else sent.id, None if got is None else got.id)


def _closed_by_other(play: PlayRecord, sleep: Sleep, connection: Connection, closed: Event, spoken: _Spoken) -> Finding:
    """Judge a connection that the client did not close.

    A connection that closed soon after an exchange did not survive either, if a later step needed it. A close after a
    fault is caused by the fault; a close because the object ended by itself is caused by the worker.
    """
    evidence = (*sleep.evidence, *(spoken.both or ()), closed.id)
    fault = fault_after(play, sleep, closed.id)
    if fault is not None and fault.data.get("how") != "dropped":
        if spoken.both is not None:
            return held("", (*sleep.evidence, *spoken.both), (sleep,))
        how = closing_of(closed.data)
        return unknown(f"{connection.client} was closed after a fault, not by the sleep ({how})", (fault.id,))
    because = "" if fault is None else f", and {sleep.label} ended by itself ({why_self_ended(fault, play.events)})"
    message = f"{connection.client} was closed after {sleep.label} slept: {closing_of(closed.data)}{because}"
    if _may_have_closed_before(play, sleep, closed):
        how = closing_of(closed.data)
        return unknown(
            f"{connection.client} was closed as {sleep.label} slept ({how}), and which came first is not known",
            evidence,
        )
    is_missed = any(step.failure == "closed" and step.end_id > closed.id for step in play.steps)
    if is_missed or not _may_have_spoken(play, sleep, connection, spoken):
        return refuted(message, evidence, (sleep,))
    return unknown(f"{connection.client} spoke with {sleep.label} after its sleep, then {message}", evidence)


def _may_have_closed_before(play: PlayRecord, sleep: Sleep, closed: Event) -> bool:
    """Return whether a close that arrived in the step of the sleep may have been sent before the sleep.

    Trace and sockets are separate streams, so their order is not known exactly; an object that is out of memory sends
    no close frame.
    """
    ended = [step.end_id for step in play.steps if step.index in sleep.steps]
    return bool(closed.data["clean"]) and closed.data["by"] == "server" and any(closed.id < each for each in ended)


def _may_have_spoken(play: PlayRecord, sleep: Sleep, connection: Connection, spoken: _Spoken) -> bool:
    if spoken.both is not None or not play.place.has_trace:
        return spoken.both is not None
    return sleep.back is not None and reach_of(play, sleep.label).may_have_spoken(connection, sleep.left.id)


def _was_to_be_closed(play: PlayRecord, closed: Event) -> bool:
    """Return whether the story expected the server to close this connection, in a step that passed or was cut off.

    The close frame may have arrived before that step began; a connection that the client opened since then is another
    one.
    """
    opened = (each.opened.id for each in play.connections if each.client == closed.actor)
    again = next((event_id for event_id in opened if event_id > closed.id), FOREVER)
    begun = {step.index: step for step in play.steps}
    for index, placed in enumerate(play.play.steps):
        if not isinstance(placed.step, On) or not placed.step.expects_close:
            continue
        if not any(closed.actor in play.play.members(name) for name in placed.step.on):
            continue
        step = begun.get(index)
        if step is None and again == FOREVER and play.outcome != "done":
            return True
        if step is not None and step.end_id > closed.id and step.begun.id < again and (step.ok or step.ended is None):
            return True
    return False


def _answered(play: PlayRecord, sleep: Sleep, connection: Connection) -> tuple[int, int] | None:
    """Return the first message after a sleep answered with an instance id on a connection, and the answer."""
    first = sleep.left.id if sleep.back is None else sleep.back.id
    for given in instances_of(play, sleep.label).answers:
        answer = given.event
        if answer.kind == kinds.RECEIVED and answer.id >= first and given.connection == connection:
            mine = (each for each in play.of_kind(kinds.SENT) if (each.actor, each.step) == (answer.actor, answer.step))
            asked = next((each.id for each in mine if each.id < answer.id), None)
            if asked is not None:
                return asked, answer.id
    return None


@check(
    CheckEntry(
        name="close-handshake",
        order=130,
        meaning="Every close by a client was answered by a close frame.",
        beyond_state=True,
    )
)
def close_handshake(play: PlayRecord, claim: Claim) -> Finding:
    """Refuted by a client that closed and got no close frame back."""
    if asks_for_sleep(play, claim):
        found = proven_sleeps(play, claim)
        if isinstance(found, Finding):
            return found
    steps = {step.index for step in play.steps if step.verb == "close"}
    closed = [event for event in play.of_kind(kinds.CLOSED) if event.step in steps and event.data["by"] == "client"]
    if not closed:
        return unknown(f"no client closed a connection{f' ({play.ending})' if play.ending else ''}")
    for event in closed:
        if not event.data["clean"]:
            return refuted(f"{event.actor} closed and got no close frame back: {event.data['said']}", (event.id,))
    asked = sum(placed.step.verb == "close" for placed in play.play.steps)
    ended = [step for step in play.steps if step.ended is not None]
    carried_out = [step for step in ended if step.verb == "close" and step.failure != "closed"]
    if len(carried_out) < asked:
        return unknown(f"only {len(carried_out)} of {asked} close steps were carried out", [e.id for e in closed])
    return held(
        f"{several(len(closed), 'close')} {'was' if len(closed) == 1 else 'were'} answered",
        [event.id for event in closed],
    )
