"""The check `no-event-fails`."""

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.binding import objects_of
from poc_cli.judge.check_registry import check
from poc_cli.judge.checks.crashing import read_after_all
from poc_cli.judge.finding import Finding, held, refuted, unknown
from poc_cli.record.places import threw_words
from poc_cli.record.play_record import PlayRecord
from poc_cli.scenario.check_names import CheckEntry
from poc_cli.scenario.model import Claim

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
    return held(f"nothing was thrown in {len(entered)} stay(s) in memory", (*ids, fence))


def _words(event: Event) -> str:
    return threw_words(event.data, event.actor.removeprefix("object:"))
