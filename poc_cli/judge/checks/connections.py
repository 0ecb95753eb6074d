"""Did the sockets survive the sleep?

Never takes a pong for a sign of life: the runtime sends it. On that very connection, after the wake, a frame of the
client must have reached the object, and a frame of the object the client.
"""

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.binding import objects_of
from poc_cli.judge.checks.answering import automatic
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.instances import instances_of
from poc_cli.judge.proof import proven_sleeps
from poc_cli.judge.record import Connection, PlayRecord, StepRecord
from poc_cli.judge.sleeps import Sleep, fault_after, losses_of
from poc_cli.scenario.model import Claim, On

SOCKET_EVENT = "hibernatable_websocket"
"""The trace's name for a message, close or error of a hibernatable socket that reached the object."""


def connections_survive(play: PlayRecord, claim: Claim) -> Finding:
    """Judge every connection that was open at a proven sleep."""
    sleeps = proven_sleeps(play, claim)
    if isinstance(sleeps, Finding):
        return sleeps
    findings = [_survived(play, claim, sleep, connection) for sleep in sleeps for connection in sleep.sockets]
    result = worst(findings)
    if result.verdict != "held":
        return result
    clients = sorted({connection.client for sleep in sleeps for connection in sleep.sockets})
    listed = ", ".join(clients) if len(clients) <= 4 else f"{len(clients)} clients"  # noqa: PLR2004 - fits a line
    return held(
        f"{sleeps[0].label} {sleeps[0].told}; {listed} then spoke with it on the same connection", result.evidence
    )


def connections_drop(play: PlayRecord, claim: Claim) -> Finding:
    """Held where a fault closed every connection that was open at it, and no client did."""
    wanted = set(objects_of(play, claim))
    losses = [loss for loss in losses_of(play) if loss.label in wanted and loss.sockets]
    if not losses:
        return unknown("no fault befell an object with a socket open")
    findings = [_dropped(loss, connection) for loss in losses for connection in loss.sockets]
    result = worst(findings)
    if result.verdict != "held":
        return result
    return held(f"{losses[0].label} {losses[0].told}, and {len(findings)} connection(s) broke with it", result.evidence)


def _dropped(loss: Sleep, connection: Connection) -> Finding:
    closed = connection.closed
    if closed is None:
        return refuted(f"{connection.client} was still open at the end of the play", (loss.left.id,))
    if closed.data["by"] == "client":
        return refuted(f"{connection.client} stayed open until it closed itself", (loss.left.id, closed.id))
    return held("", (loss.left.id, closed.id))


def _survived(play: PlayRecord, claim: Claim, sleep: Sleep, connection: Connection) -> Finding:
    spoken = _spoken(play, claim, sleep, connection)
    closed = connection.closed
    if closed is not None and closed.data["by"] != "client" and not _was_to_be_closed(play, closed):
        return _closed_by_other(play, sleep, connection, closed, spoken)
    if spoken is not None:
        return held("", (*sleep.evidence, *spoken))
    return unknown(f"{connection.client} was not exercised after {sleep.label} slept", sleep.evidence)


def _closed_by_other(
    play: PlayRecord, sleep: Sleep, connection: Connection, closed: Event, spoken: tuple[int, int] | None
) -> Finding:
    """Judge a connection that the client did not close.

    What closed soon after it had spoken has not survived either, if the story wanted it for more. After a fault of the
    story's it is the fault's doing; that the object ended by itself is the worker's.
    """
    evidence = (*sleep.evidence, *(spoken or ()), closed.id)
    fault = fault_after(play, sleep, closed.id)
    if fault is not None and fault.data.get("how") != "dropped":
        if spoken is not None:
            return held("", (*sleep.evidence, *spoken))
        return unknown(f"{connection.client} was closed after a fault, not by the sleep", (fault.id,))
    because = "" if fault is None else f", and {sleep.label} ended by itself (an exception or ctx.abort())"
    told = f"{connection.client} was closed after {sleep.label} slept: {closed.data['said']}{because}"
    if spoken is None or any(step.failure == "closed" and step.end_id > closed.id for step in play.steps):
        return refuted(told, evidence)
    return unknown(f"{connection.client} spoke with {sleep.label} after its sleep, then {told}", evidence)


def _was_to_be_closed(play: PlayRecord, closed: Event) -> bool:
    """Whether the story expected the server to close this connection, in a step that then came out as told."""
    step = next((step for step in play.steps if step.index == closed.step), None)
    placed = None if step is None else play.play.steps[step.index].step
    return isinstance(placed, On) and placed.expects_close and step is not None and step.ok


def _spoken(play: PlayRecord, claim: Claim, sleep: Sleep, connection: Connection) -> tuple[int, int] | None:
    """Give the first message after the wake that reached the object on this connection, and the answer to it."""
    if sleep.back is None:
        return None
    if not play.place.has_trace:
        return _answered(play, sleep, connection)
    for step in play.steps:
        if step.begun.id < sleep.left.id or step.end_id < sleep.back.id:
            continue
        exchanged = _exchanged(play, claim, step, connection) if connection.is_open_at(step.begun.id) else None
        if exchanged is not None:
            return exchanged
    return None


def _answered(play: PlayRecord, sleep: Sleep, connection: Connection) -> tuple[int, int] | None:
    """Give the first message of a story after a sleep that the object answered on this connection with its instance."""
    first = sleep.left.id if sleep.back is None else sleep.back.id
    for telling in instances_of(play, sleep.label).tellings:
        answer = telling.event
        if answer.kind == kinds.RECEIVED and answer.id >= first and telling.connection == connection:
            mine = (each for each in play.of_kind(kinds.SENT) if (each.actor, each.step) == (answer.actor, answer.step))
            asked = next((each.id for each in mine if each.id < answer.id), None)
            if asked is not None:
                return asked, answer.id
    return None


def _exchanged(play: PlayRecord, claim: Claim, step: StepRecord, connection: Connection) -> tuple[int, int] | None:
    """Give a client's frame in a step that reached the object, and a frame of the object's that came back.

    A wrong answer came over the wire all the same. What the runtime is known to answer for the object, such as pings,
    is none of it. Other frames that did not reach the object may each have had an answer of the runtime's too; so
    many, of whichever client, are taken off the frames of this connection.
    """
    if not step.ok and step.failure != "mismatch":
        return None
    runtime = automatic(play)
    sent = [event for event in play.frames_sent_in(step.index) if event.id < step.end_id]
    pings = sum(map(runtime.asks, sent))
    unreached = max(0, len(sent) - pings - max(0, _reached(play, claim, step) - _late(play, claim, step)))
    mine = [event.id for event in sent if connection.carried(event) and not runtime.asks(event)]
    answers = [
        event.id
        for event in play.frames_received_in(step.index)
        if connection.carried(event) and mine and mine[0] < event.id < step.end_id and not runtime.answers(event)
    ]
    if len(mine) <= unreached or len(answers) <= unreached:
        return None
    return mine[0], answers[0]


def _late(play: PlayRecord, claim: Claim, step: StepRecord) -> int:
    """Give how many messages of the steps right before may have reached the object in this one.

    Steps that only send are not waited for, so what they sent may arrive while another client gets only a pong.
    """
    runtime = automatic(play)
    late = 0
    for before in reversed([each for each in play.steps if each.index < step.index]):
        placed = play.play.steps[before.index].step
        if not isinstance(placed, On) or not placed.sends or placed.expects:
            break
        sent = play.frames_sent_in(before.index)
        late += len(sent) - sum(map(runtime.asks, sent)) - _reached(play, claim, before)
    return max(0, late)


def _reached(play: PlayRecord, claim: Claim, step: StepRecord) -> int:
    """Give how many messages the trace shows to have reached the objects in a step."""
    actors = {f"object:{label}" for label in objects_of(play, claim)}
    return sum(
        event.actor in actors and event.data["name"] == SOCKET_EVENT and step.begun.id < event.id < step.end_id
        for event in play.of_kind(kinds.DELIVERED)
    )
