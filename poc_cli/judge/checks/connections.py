"""Did the sockets survive the sleep?

Never takes a pong for a sign of life: the runtime sends it. On that very connection, after the wake, a frame of the
client must have reached the object, and a frame of the object the client.
"""

from poc_cli.history import event as kinds
from poc_cli.judge.finding import Finding, held, refuted, unknown, worst
from poc_cli.judge.proof import proven_sleeps
from poc_cli.judge.record import Connection, PlayRecord, StepRecord
from poc_cli.judge.sleeps import Sleep
from poc_cli.scenario.model import Claim


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


def _survived(play: PlayRecord, claim: Claim, sleep: Sleep, connection: Connection) -> Finding:
    exercise = _exercise(play, claim, sleep, connection)
    if exercise is not None:
        answered = exercise.told("answered")[connection.client]["event"]
        return held("", (*sleep.evidence, exercise.told("sent")[connection.client], answered))
    closed = connection.closed
    if closed is not None and closed.data["by"] != "client":
        fault = _fault_between(play, sleep.left.id, closed.id)
        if fault is not None:
            return unknown(f"{connection.client} was closed after a fault, not by the sleep", (fault,))
        return refuted(
            f"{connection.client} was closed after {sleep.label} slept: {closed.data['said']}",
            (*sleep.evidence, closed.id),
        )
    return unknown(f"{connection.client} was not exercised after {sleep.label} slept", sleep.evidence)


def _exercise(play: PlayRecord, claim: Claim, sleep: Sleep, connection: Connection) -> StepRecord | None:
    """Give the first step after the wake in which this connection spoke with the object itself."""
    if sleep.back is None:
        return None
    for step in play.steps:
        sent, answered = step.told("sent"), step.told("answered")
        if not (
            step.ok and step.begun.id > sleep.left.id and connection.client in sent and connection.client in answered
        ):
            continue
        if step.end_id < sleep.back.id:
            continue
        if not (connection.is_open_at(step.begun.id) and connection.is_open_at(step.end_id)):
            continue
        reached = step.told("reached")
        labels = claim.of if claim.of is not None else list(reached)
        # The trace counts what reached the object; each client of the step sent one message.
        if sum(int(reached.get(label, 0)) for label in labels) >= len(sent):
            return step
    return None


def _fault_between(play: PlayRecord, start: int, end: int) -> int | None:
    for event in play.of_kind(kinds.LEFT, kinds.DIED):
        if start < event.id <= end and event.data.get("how") in {"died", "dropped", None}:
            return event.id
    return None
