"""The check `close-handshake`."""

from poc_cli.history import event as kinds
from poc_cli.judge.check_registry import check
from poc_cli.judge.finding import Finding, held, refuted, unknown
from poc_cli.judge.proof import asks_for_sleep, proven_sleeps
from poc_cli.record.play_record import PlayRecord
from poc_cli.scenario.check_names import CheckEntry
from poc_cli.scenario.model import Claim


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
    return held(f"{len(closed)} close(s) were answered", [event.id for event in closed])
